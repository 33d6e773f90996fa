"""The HTTP face: a FastAPI application over a store, one file of routes a subject."""
