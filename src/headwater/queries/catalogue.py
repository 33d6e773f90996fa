"""The collection of every query that the product runs: finds the files, pairs them, hands them out by name.

Must not know what a query is for, nor how a backend runs it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import zip_longest

from headwater.errors import UnknownQuery
from headwater.queries.body import Dialect, refuse
from headwater.queries.header import Column, Param
from headwater.queries.template import Template, parse

_DIALECTS: Mapping[str, Dialect] = {".cypher": "cypher", ".sql": "sql"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query in its two languages; both halves take the same parameters and give the same columns.

    `rows_param` is the name of the parameter that is a batch, if there is one.
    """

    name: str
    purpose: str
    params: tuple[Param, ...]
    columns: tuple[Column, ...]
    sql: Template
    cypher: Template
    param_names: frozenset[str]
    rows_param: str | None


class Catalogue:
    """Queries by name, in the order of their names."""

    def __init__(self, queries: Iterable[Query]) -> None:
        self._queries = {query.name: query for query in sorted(queries, key=lambda query: query.name)}

    def __getitem__(self, name: str) -> Query:
        """Return the query of this name, or raise UnknownQuery, whose hint names the nearest."""
        try:
            return self._queries[name]
        except KeyError:
            raise self._unknown(name) from None

    def __iter__(self) -> Iterator[Query]:
        return iter(self._queries.values())

    def __len__(self) -> int:
        return len(self._queries)

    def __contains__(self, name: object) -> bool:
        return name in self._queries

    def subjects(self) -> tuple[str, ...]:
        """Return the folders that hold queries, sorted."""
        return tuple(sorted({name.partition("/")[0] for name in self._queries}))

    def _unknown(self, name: str) -> UnknownQuery:
        near = difflib.get_close_matches(name, self._queries)
        hint = f"did you mean {' or '.join(near)}? {UnknownQuery.hint}" if near else None
        return UnknownQuery(f"no query is called {name!r}", hint=hint)


@cache
def catalogue() -> Catalogue:
    """Return the queries of the product, read once from the installed package."""
    return load("headwater.queries")


def load(source: str | Traversable) -> Catalogue:
    """Read every pair below a package, given by its name, or below a folder.

    Raises InvalidTemplate, with `path:line` first, for a file that breaks the format, a doubled name, a name
    that is not the file's place, a missing half, two different headers, and for a folder without any query.
    """
    root = resources.files(source) if isinstance(source, str) else source
    halves: dict[Dialect, dict[str, Template]] = {"cypher": {}, "sql": {}}
    for place, dialect, file in _files(root, ""):
        template = parse(_read(file), str(file), dialect, halves["cypher"].get(place))
        known = halves[dialect].setdefault(template.name, template)
        if known is not template:
            raise refuse(template.path, 1, f"the name {template.name!r} is taken by {known.path}")
        if template.name != place:
            raise refuse(template.path, 1, f"the name is {template.name!r}, but the file's place is {place!r}")
    if not any(halves.values()):
        raise refuse(str(root), 1, "no query stands below this folder")
    return Catalogue(_pairs(halves["cypher"], halves["sql"]))


def _files(folder: Traversable, place: str) -> Iterator[tuple[str, Dialect, Traversable]]:
    """Yield the place (`subject/name`), language and file of each template below the folder, sorted."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        stem, dot, suffix = entry.name.rpartition(".")
        if dialect := _DIALECTS.get(dot + suffix):
            yield place + stem, dialect, entry
        elif entry.is_dir():
            yield from _files(entry, f"{place}{entry.name}/")


def _read(file: Traversable) -> str:
    data = file.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refuse(str(file), line, f"the byte {data[error.start]:#04x} is not UTF-8") from error


def _pairs(cypher: Mapping[str, Template], sql: Mapping[str, Template]) -> Iterator[Query]:
    for name in sorted(cypher.keys() ^ sql.keys()):
        half, missing = (cypher[name], ".sql") if name in cypher else (sql[name], ".cypher")
        raise refuse(half.path, 1, f"the other half, {name}{missing}, is missing")
    for name, half in cypher.items():
        yield _query(half, sql[name])


def _query(cypher: Template, sql: Template) -> Query:
    _check_headers(cypher, sql)
    return Query(
        name=cypher.name,
        purpose=cypher.purpose,
        params=cypher.params,
        columns=cypher.columns,
        sql=sql,
        cypher=cypher,
        param_names=frozenset(param.name for param in cypher.params),
        rows_param=next((param.name for param in cypher.params if param.fields), None),
    )


def _check_headers(cypher: Template, sql: Template) -> None:
    for number, (ours, theirs) in enumerate(zip_longest(sql.lines, cypher.lines), 1):
        if ours != theirs:
            raise refuse(sql.path, number, f"the header differs from here on from that of {cypher.path}: {theirs!r}")
