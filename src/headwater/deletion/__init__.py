"""Deletion: what derives from a subject's data, what must be rerun before it goes, and proof that it is gone."""
