"""The loader of tables: `reading` gives rows of CSV, Parquet and pandas, `rows` makes a fact of each."""

from headwater.loaders.table.loader import TableLoader, import_frame

__all__ = ["TableLoader", "import_frame"]
