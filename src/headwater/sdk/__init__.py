"""What pipelines call to record themselves. Imports no optional package."""
