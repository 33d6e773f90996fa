"""mltrace as a source: the database of the paper's prototype, on PostgreSQL or SQLite."""

from headwater.loaders.mltrace.loader import MltraceLoader

__all__ = ["MltraceLoader"]
