"""A Cypher script that makes the graph in an empty Neo4j database: for cypher-shell, or Neo4j Browser.

It writes all that a Neo4j store keeps, so that the database can be opened as one; running it again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import ClassVar, NamedTuple, TextIO

from headwater import clock, ids
from headwater.graph.claims import RunClaims, encode_stamps
from headwater.graph.facts import Fact, Input, RunFact, infer_type
from headwater.graph.ingest import Batch
from headwater.graph.model import Node, Pointer
from headwater.graph.records import (
    DESCRIPTION,
    Values,
    encode_annotation,
    encode_erased,
    encode_erasure,
    encode_facet,
    encode_run,
    encode_state,
)
from headwater.graph.schema import MIGRATIONS
from headwater.graph.values import canonical
from headwater.loaders.exporting import Bindings, Exported, bindings, pages
from headwater.queries.catalogue import catalogue

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class CypherExporter:
    """Writes statements that hold their rows and end with a semicolon."""

    kind: ClassVar[str] = "cypher"
    loss: ClassVar[str] = ""

    def write(self, what: Exported, to: TextIO) -> None:
        """Write the schema, then the graph batch by batch."""
        to.write("// Lineage written by Headwater, for an empty database of Neo4j 5 or newer.\n")
        to.writelines(f"{statement};\n" for statement in _schema())
        inside = None if what.answer is None else frozenset(run.id for run in what.answer.runs())
        for page in pages(_runs_together(what.facts()), ROWS_AT_ONCE):
            facts = [fact for together in page for fact in together]
            for name, rows in _Rows(facts, what, inside).tables():
                to.writelines(statement(name, part) for part in pages(rows, ROWS_AT_ONCE))


def _schema() -> Iterator[str]:
    for query in ("schema/open", *MIGRATIONS):
        yield from (statement.text.strip() for statement in catalogue()[query].cypher.statements)
    yield _templates()["schema"].text.replace("$version", str(len(MIGRATIONS)))


def _runs_together(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    for run, group in groupby(facts, lambda fact: fact.id if isinstance(fact, RunFact) else None):
        if run is None:
            yield from ([fact] for fact in group)
        else:
            yield list(group)


class _Rows:
    """What a page of facts comes to, as the rows of a store; `inside` are the exported runs, None for all."""

    def __init__(self, facts: Sequence[Fact], what: Exported, inside: frozenset[str] | None) -> None:
        self._batch = Batch.of(facts)
        self._inside = inside
        self._bound: Bindings = bindings(what.store, facts)
        made = [ids.state_id(name, run.id) for run in self._batch.runs.values() for name in run.outputs]
        self._nodes = what.store.sources(sorted({*self._batch.runs, *made, *self._bound.values()})).nodes

    def tables(self) -> Iterator[tuple[str, list[Values]]]:
        """Give the rows by the name of their statement, in the order in which they are to be run."""
        runs = self._batch.runs.values()
        yield "components", [_component(name, said) for name, said in sorted(self._batch.components.items())]
        yield "runs", [{**encode_run(run, run.last), **self._marks(run.id)} for run in runs]
        named = [
            (run.id, run.registers["run", "component"][1]) for run in runs if ("run", "component") in run.registers
        ]
        yield "run_of", [{"id": run, "component": json.loads(text)} for run, text in named]
        yield "states", [*self._made(runs), *self._unmade()]
        yield (
            "produced",
            [{"run": run.id, "state": ids.state_id(name, run.id)} for run in runs for name in sorted(run.outputs)],
        )
        yield "consumed", [row for run in runs for row in self._consumed(run)]
        yield "facets", [encode_facet(key, said) for key, said in sorted(self._batch.facets.items())]
        yield "annotations", [encode_annotation(note) for note in self._batch.annotations]
        yield "erasures", [encode_erasure(erasure) for erasure in self._batch.erasures]

    def _made(self, runs: Iterable[RunClaims]) -> Iterator[Values]:
        for run in runs:
            for name, said in sorted(run.outputs.items()):
                row = encode_state(name, run, said)
                type_, maker = row.pop("inferred"), row.pop("maker")
                yield {**row, "type": row["type"] or type_, "run": maker, **self._marks(row["id"])}

    def _unmade(self) -> Iterator[Values]:
        """The states that were read and that no exported run made."""
        for state in sorted(set(self._bound.values())):
            node = self._nodes.get(state)
            if isinstance(node, Pointer) and (node.run is None or not self._is_inside(node.run)):
                name, maker = ids.split_state_id(state) or (state, "")
                digest = maker.partition(":")[2] or None if ids.is_external(maker) else None
                yield {"id": state, "name": name, "type": infer_type(name), "digest": digest, **self._marks(state)}

    def _is_inside(self, run: str) -> bool:
        return self._inside is None or run in self._inside

    def _consumed(self, run: RunClaims) -> Iterator[Values]:
        for (name, key), claim in sorted(run.inputs.items()):
            if (state := self._bound.get((run.id, claim), claim.state)) is not None:
                yield {**_claim(run, claim), "state": state, "name": name, "claim": key}

    def _marks(self, ident: str) -> Values:
        node: Node | None = self._nodes.get(ident)
        labels = canonical(dict(node.labels)) if node is not None and node.labels else None
        erased = None if node is None else encode_erased(node.erased)
        return {"flagged": node is not None and node.flagged, "labels": labels, "erased": erased}


def _claim(run: RunClaims, claim: Input) -> Values:
    return {"run": run.id, "lane": None if claim.state else claim.digest or "", "at": claim.at or run.started_at}


def _component(name: str, registers: Mapping[tuple[str, str], tuple[datetime, str]]) -> Values:
    said = {key: json.loads(text) for (_, key), (_, text) in registers.items()}
    row: Values = {"name": name, **dict.fromkeys(DESCRIPTION), **said}
    row["tags"] = None if row["tags"] is None else canonical(row["tags"])
    return {**row, "claims": canonical(encode_stamps(dict(registers)))}  # type: ignore[arg-type]


class _Template(NamedTuple):
    """A statement of `graph.cypher`, and the columns of its rows."""

    columns: Sequence[str]
    text: str


@cache
def _templates() -> Mapping[str, _Template]:
    text = resources.files(__package__).joinpath("graph.cypher").read_text("utf-8")
    _, *blocks = text.strip().split("\n\n")
    found = {}
    for block in blocks:
        head, _, body = block.removeprefix("// ").partition("\n")
        name, _, columns = head.partition(": ")
        found[name] = _Template(columns.split(", ") if columns else (), body.rstrip(";"))
    return found


def statement(name: str, rows: Sequence[Values]) -> str:
    """Return one statement with these rows in it, ended by a semicolon."""
    columns, text = _templates()[name]
    lines = "\n".join("\t".join(cell(row.get(column)) for column in columns) for row in rows)
    return f"{_templates()['rows'].text.replace('$rows', lines)}\n{text};\n"


_ESCAPES = str.maketrans({"~": "~e", "\t": "~t", "\n": "~n", "\r": "~r", "'": "~q", "\\": "~b"})


def cell(value: object) -> str:
    """Return a value as a cell: text without tab, line end, quote and backslash, so that none can leave its string."""
    if value is None:
        return "~0"
    if isinstance(value, bool):
        return str(value).lower()
    return (clock.isoformat(value) if isinstance(value, datetime) else str(value)).translate(_ESCAPES)
