"""What a database must do to carry the query catalogue: run a named query, alone or inside a write transaction.

`QueryStore` is written once over this; SQLite and Neo4j are its two engines. Parameters and rows hold text, whole
numbers,
booleans, None and aware UTC datetimes; a `rows` parameter is a list of mappings; `json` columns arrive as Python
values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias, TypeVar

Row: TypeAlias = tuple[Any, ...]
T = TypeVar("T")


class Transaction(Protocol):
    """One open write transaction."""

    def run(self, query: str, **params: Any) -> list[Row]:
        """Run a query of the catalogue and return its rows."""
        ...


class Engine(Protocol):
    """A database that runs the catalogue's queries. Raises only StoreErrors."""

    readers_per_part: int
    starts_at_once: int

    def read(self, query: str, **params: Any) -> list[Row]:
        """Run a reading query and return its rows."""
        ...

    def stream(self, query: str, **params: Any) -> Iterator[Row]:
        """Run a reading query and give its rows as they come, in constant memory."""
        ...

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one write transaction and commit; it may be called again when the database asks for a retry."""
        ...

    def migrate(self, query: str, version: int) -> None:
        """Apply one migration of the schema and write down its version."""
        ...

    def scrub(self) -> str:
        """Take what was deleted from the files, as far as the database can; return what is left to do by hand."""
        ...

    def software(self) -> str:
        """Return the database's name and version."""
        ...

    def close(self) -> None:
        """Release the connections."""
        ...
