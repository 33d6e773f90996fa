"""The catalogue of queries: every statement that the product runs is a file below this package."""
