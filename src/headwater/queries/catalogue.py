"""The catalogue: every statement that the product runs, by name, from pairs of files below one folder. Runs nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import zip_longest

from headwater.errors import UnknownQuery
from headwater.queries.header import Column, Dialect, Line, Param, split
from headwater.queries.template import Template, parse

_SUFFIXES: Mapping[str, Dialect] = {".cypher": "cypher", ".sql": "sql"}


@dataclass(frozen=True, slots=True)
class Query:
    """One question or change, with one header and a half for each engine."""

    name: str
    params: tuple[Param, ...]
    columns: tuple[Column, ...]
    sql: Template
    cypher: Template
    rows_param: str | None = field(init=False)
    param_names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        batch = next((param.name for param in self.params if param.type == "rows"), None)
        object.__setattr__(self, "rows_param", batch)
        object.__setattr__(self, "param_names", frozenset(param.name for param in self.params))

    @property
    def purpose(self) -> str:
        """What the query is for: one sentence, or a few lines."""
        return self.cypher.purpose


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All queries by name; iterates over the queries in the order of their names."""

    queries: Mapping[str, Query]

    def __getitem__(self, name: str) -> Query:
        """Return the query. Raises UnknownQuery, whose hint holds the nearest names."""
        try:
            return self.queries[name]
        except KeyError:
            near = get_close_matches(name, self.queries, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}? {UnknownQuery.hint}" if near else None
            raise UnknownQuery(f"no query of the catalogue is named {name!r}", hint=hint) from None

    def __iter__(self) -> Iterator[Query]:
        return (self.queries[name] for name in sorted(self.queries))

    def __len__(self) -> int:
        return len(self.queries)

    def __contains__(self, name: object) -> bool:
        return name in self.queries

    def subjects(self) -> tuple[str, ...]:
        """Return the subjects, which are the folders of the queries, sorted."""
        return tuple(sorted({name.partition("/")[0] for name in self.queries}))


@cache
def catalogue() -> Catalogue:
    """Return the product's own catalogue, read and checked at the first call. Raises InvalidTemplate."""
    return load("headwater.queries")


def load(place: str | Traversable) -> Catalogue:
    """Return the catalogue of all pairs below a package (given by name) or a folder.

    Raises InvalidTemplate, `path:line: problem`, at the first file that breaks the format, has no twin, or whose header is not
    its twin's.
    """
    halves = dict(_halves(files(place) if isinstance(place, str) else place, ()))
    names = {place.rpartition(".")[0] for place in halves}
    return Catalogue({name: _pair(name, halves, names) for name in sorted(names)})


def show(query: Query, dialect: Dialect) -> str:
    """Return the whole file of one half, header and body."""
    return (query.sql if dialect == "sql" else query.cypher).text


def _halves(folder: Traversable, parts: tuple[str, ...]) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        place = (*parts, entry.name)
        if entry.is_dir():
            yield from _halves(entry, place)
        elif entry.name.endswith(tuple(_SUFFIXES)):
            if len(place) != 2:
                raise _first_line(entry).refuse("a query file stands in the folder of its subject", hint="as subject/name.sql")
            yield "/".join(place), entry


def _pair(name: str, halves: Mapping[str, Traversable], names: set[str]) -> Query:
    texts = {dialect: _read(halves[name + suffix]) for suffix, dialect in _SUFFIXES.items() if name + suffix in halves}
    for suffix, other in ((".sql", ".cypher"), (".cypher", ".sql")):
        if name + suffix not in halves:
            raise _first_line(halves[name + other]).refuse(f"{name}{suffix} is missing", hint="a query is a pair of files")
    paths = {dialect: str(halves[name + suffix]) for suffix, dialect in _SUFFIXES.items()}
    cypher = parse(texts["cypher"], paths["cypher"], "cypher")
    _check_same_header(texts, paths)
    sql = parse(texts["sql"], paths["sql"], "sql")
    _check_name(cypher, name, names)
    return Query(name, cypher.params, cypher.columns, sql, cypher)


def _read(file: Traversable) -> str:
    content = file.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise Line(str(file), number, "").refuse(f"byte 0x{content[error.start]:02x} is not UTF-8") from error


def _check_same_header(texts: Mapping[Dialect, str], paths: Mapping[Dialect, str]) -> None:
    cypher, sql = (split(texts[dialect], paths[dialect], dialect)[0] for dialect in ("cypher", "sql"))
    for here, there in zip_longest(sql, cypher):
        ours, theirs = (line.text if line else "nothing more" for line in (here, there))
        if ours != theirs:
            line = here or Line(paths["sql"], there.number, "")
            raise line.refuse(f"the headers of the pair differ: here {ours!r}, in the .cypher file {theirs!r}")


def _check_name(template: Template, name: str, names: set[str]) -> None:
    if template.name == name:
        return
    doubled = f"the name {template.name} is doubled: it is another file's" if template.name in names else None
    problem = doubled or f"the name {template.name} is not the file's place"
    raise Line(template.path, 1, "").refuse(problem, hint=f"write `name: {name}(...)` or move the file")


def _first_line(file: Traversable) -> Line:
    return Line(str(file), 1, "")
