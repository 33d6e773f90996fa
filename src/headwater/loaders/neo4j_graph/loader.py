"""The loader of other people's graphs in Neo4j."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from headwater.errors import AuthenticationFailed, SourceError, UsageError
from headwater.graph.engine import Row
from headwater.graph.neo4j import Neo4jEngine
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.neo4j_graph.mapping import Meaning, Node, run_fact
from headwater.loaders.relational import statement
from headwater.loaders.times import zone

_SCHEMES = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})
_EPOCHS = {"s": timedelta(seconds=1), "ms": timedelta(milliseconds=1), "us": timedelta(microseconds=1)}
_POINTERS = ("name", "state")


@dataclass(frozen=True, slots=True)
class Neo4jLoader:
    """Reads a database by its URL; the options say which labels, types and properties mean what.

    `run`, `pointer`, `consumed` and `produced` may name several, parted by commas. `mapping` names a TOML file with the
    same names; what is given as an option wins. The password is in the environment variable that `password_env` names.
    """

    run: str = ""
    pointer: str = ""
    consumed: str = ""
    produced: str = ""
    run_id: str = "id"
    component: str = "component"
    started: str = "started_at"
    ended: str = "ended_at"
    status: str = "status"
    name: str = "name"
    digest: str = "digest"
    read_at: str = "at"
    pointer_is: str = "name"
    tz: str = "UTC"
    epoch: str = "ms"
    database: str = "neo4j"
    user: str = ""
    password_env: str = "HEADWATER_SOURCE_NEO4J_PASSWORD"  # the name of a variable
    mapping: str = ""
    kind: ClassVar[str] = "neo4j"

    def read(self, source: str) -> Iterator[Found]:
        """Give each run with what it read and wrote, in the order of the database.

        Raises SourceError when no node is a run, UsageError for a mapping that makes no sense, StoreError.
        """
        chosen = self.settled()
        told = _Told(source, chosen, chosen.meaning())
        with chosen.opened(source) as engine:
            yield from told.items(engine)

    def total(self, source: str) -> int:
        """Return how many runs there are."""
        chosen = self.settled()
        with chosen.opened(source) as engine:
            [(runs,)] = engine.stream_foreign(statement(__package__, "count.cypher"), runs=_split(chosen.run))
        return int(runs)

    def fingerprint(self, source: str) -> str | None:
        """Return None: nobody can say whether a database has changed, nor that it keeps its order."""

    def settled(self) -> Neo4jLoader:
        """Return the loader with what its mapping file says, checked. Raises UsageError."""
        chosen = replace(self, **self._from_file()) if self.mapping else self
        for option in ("run", "pointer"):
            if not _split(getattr(chosen, option)):
                hint = f"{option}=LABEL names the nodes that are {option}s"
                raise UsageError(f"neo4j needs the option {option}", hint=hint)
        if not _split(chosen.consumed) and not _split(chosen.produced):
            hint = "consumed=TYPE names the relations from what a run read, produced=TYPE those to what it wrote"
            raise UsageError("neo4j needs the option consumed or produced", hint=hint)
        for option, known in (("pointer_is", _POINTERS), ("epoch", tuple(_EPOCHS))):
            if (given := getattr(chosen, option)) not in known:
                raise UsageError(f"option {option}={given!r} is none of {', '.join(known)}")
        return chosen

    def meaning(self) -> Meaning:
        """Return what the properties mean. Raises UsageError for an unknown time zone."""
        of_run = (self.run_id, self.component, self.started, self.ended, self.status)
        is_state, epoch = self.pointer_is == "state", _EPOCHS[self.epoch]
        return Meaning(*of_run, self.name, self.digest, self.read_at, is_state, zone(self.tz), epoch)

    @contextmanager
    def opened(self, source: str) -> Iterator[Neo4jEngine]:
        """Open the database for reading. Raises SourceError, UsageError, StoreUnavailable, AuthenticationFailed."""
        _check(source)
        password = os.environ.get(self.password_env)
        if self.user and password is None:
            raise UsageError(
                f"the variable {self.password_env} is not set", hint=f"it holds the password of {self.user}"
            )
        try:
            engine = Neo4jEngine(source, self.user or None, password, self.database)
        except AuthenticationFailed as exc:
            hint = f"give the option user and set {self.password_env}"
            raise AuthenticationFailed(exc.message, hint=hint) from exc
        with closing(engine):
            yield engine

    def _from_file(self) -> Mapping[str, str]:
        """Return what the mapping file says about options that were not given."""
        try:
            found: Mapping[str, Any] = tomllib.loads(Path(self.mapping).read_text("utf-8"))
        except (OSError, ValueError) as exc:
            raise UsageError(f"the mapping {self.mapping!r} cannot be read: {exc}") from exc
        known = {field.name: field.default for field in fields(self) if field.name != "mapping"}
        for name, value in found.items():
            if name not in known or not isinstance(value, str):
                hint = f"it may hold texts for {', '.join(known)}"
                raise UsageError(f"the mapping {self.mapping!r} says {name} = {value!r}", hint=hint)
        return {name: value for name, value in found.items() if getattr(self, name) == known[name]}


@dataclass(frozen=True, slots=True)
class _Told:
    """One database, which nodes and relations of it are meant, and what their properties mean."""

    source: str
    chosen: Neo4jLoader
    to: Meaning

    def items(self, engine: Neo4jEngine) -> Iterator[Found]:
        position = read = wrote = 0
        for position, row in enumerate(self._rows(engine), 1):
            read, wrote = read + len(row[2]), wrote + len(row[3])
            place = Place(self.source, path=f"{self.chosen.run} {row[1].get(self.to.run_id) or row[0]}")
            yield attempt(place, lambda row=row, at=place, to=position: self._item(row, at, to), position)  # type: ignore[misc]
        if not position:
            reason = f"no node of {self.source} has the label {self.chosen.run}"
            raise SourceError(reason, hint="labels are written as they are in the database, with capital letters")
        yield from self._unused(read, wrote)

    def _unused(self, read: int, wrote: int) -> Iterator[Problem]:
        chosen = self.chosen
        for option, types, count in (("consumed", chosen.consumed, read), ("produced", chosen.produced, wrote)):
            if types and not count:
                reason = f"no relation {types} stands between a {chosen.run} and a {chosen.pointer}"
                yield Problem(Place(self.source, path=option), reason, "warning")

    def _rows(self, engine: Neo4jEngine) -> Iterator[Row]:
        chosen = self.chosen
        return engine.stream_foreign(
            statement(__package__, "runs.cypher"),
            runs=_split(chosen.run),
            pointers=_split(chosen.pointer),
            consumed=_split(chosen.consumed),
            produced=_split(chosen.produced),
            run_id=chosen.run_id,
            is_state=self.to.is_state,
        )

    def _item(self, row: Row, place: Place, position: int) -> Item:
        element, run, read, wrote = row
        fact = run_fact(Node(element, run, read, wrote), self.to)
        return Item("run", place, (fact,), tuple(sorted({key.key for key in fact.kept})), position)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _check(source: str) -> None:
    """Raise SourceError unless the source is the URL of a server, UsageError when it holds a secret."""
    if "@" in source:
        raise UsageError(
            "the URL holds a user or password",
            hint="give the option user, and the password in the variable that password_env names",
        )
    try:
        parts = urlsplit(source)
        is_server = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError as exc:
        raise SourceError(f"{source!r} is no URL: {exc}") from exc
    if not is_server:
        raise SourceError(f"{source!r} is no URL of a Neo4j server", hint="use bolt://host:7687 or neo4j+s://host")
