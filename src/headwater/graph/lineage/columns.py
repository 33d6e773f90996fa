"""Columns: which column of which state an output was derived from, on top of a plain trace or impact.

Reads facets in the form that OpenLineage gives them (`lineage` and `columnLineage`); what is not in that form says
nothing here. A plain walk never comes here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from headwater import ids
from headwater.graph.answer import Answer, Document
from headwater.graph.facts import FacetKey
from headwater.graph.store import Store
from headwater.graph.values import JSON

Basis: TypeAlias = Literal["lineage", "columnLineage", "inputs"]
Facets: TypeAlias = Mapping[FacetKey, JSON]
Entry: TypeAlias = Mapping[str, Any]


class Column(NamedTuple):
    """A column of a state; None is the state as a whole."""

    state: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """In a run, `target` came from `source`; `basis` is what says so, `transformations` are as they were told.

    `lineage` and `columnLineage` are facets; `inputs` means that no facet tells the inputs of this output apart.
    """

    source: Column
    target: Column
    run: str
    basis: Basis
    transformations: tuple[JSON, ...] = ()

    def to_dict(self) -> Document:
        """Return the JSON document."""
        ends = {"source": self.source._asdict(), "target": self.target._asdict()}
        return {**ends, "run": self.run, "basis": self.basis, "transformations": list(self.transformations)}


class Told(NamedTuple):
    """What a facet tells: the source's name and column, the target's column, and how one became the other."""

    source: str
    column: str | None
    target_column: str | None
    transformations: tuple[JSON, ...]


def derivations(answer: Answer, facets: Facets) -> list[Derivation]:
    """Return how the states of an answer derive from each other, by column where that is known.

    `facets` are those of the answer's runs: `store.facets([run.id for run in answer.runs()])`. For each output its
    explicit lineage counts, else its column lineage, else that all inputs led to it. Cost: the answer and its facets.
    """
    runs = {run.id: _Run(run.id) for run in answer.runs()}
    for edge in sorted(answer.edges):
        if edge.kind == "produced" and edge.source in runs:
            runs[edge.source].writes[_name(edge.target)] = edge.target
        elif edge.kind == "consumed_by" and edge.target in runs:
            runs[edge.target].reads[_name(edge.source)].append(edge.source)
    for key, value in facets.items():
        if key.owner in runs and isinstance(value, Mapping) and value.get("_deleted") is not True:
            runs[key.owner].facets[key.subject, key.name][key.key] = value
    return [found for run in runs.values() for found in run.derivations()]


def reached(found: Sequence[Derivation], start: Iterable[Column], *, backward: bool) -> list[Derivation]:
    """Return the derivations that lead to `start`, or forward away from it, nearest first.

    What concerns a whole state concerns all of its columns.
    """
    near_of: dict[str, list[Derivation]] = defaultdict(list)
    for one in found:
        near_of[(one.target if backward else one.source).state].append(one)
    waiting = deque(start)
    seen, taken = set(waiting), dict[int, Derivation]()
    while waiting:
        here = waiting.popleft()
        for one in near_of[here.state]:
            near, far = (one.target, one.source) if backward else (one.source, one.target)
            if here.column is None or near.column in (None, here.column):
                taken[id(one)] = one
                if far not in seen and Column(far.state) not in seen:
                    seen.add(far)
                    waiting.append(far)
    return list(taken.values())


def columns_of(store: Store, answer: Answer, column: str | None = None, *, backward: bool) -> list[Derivation]:
    """Return the derivations that lead to the start of a trace, or to one column of it, nearest first.

    Of an impact (`backward` false) those that lead away from it.
    """
    start = [Column(state, column) for state in answer.start]
    facets = store.facets([run.id for run in answer.runs()])
    return reached(derivations(answer, facets), start, backward=backward)


def explicit(facet: object) -> Iterator[Told]:
    """Give what an explicit lineage facet of a dataset, or one entry of a job's, tells of its target."""
    for column, listed in _explicit_lists(facet):
        yield from _told(listed, column, "DATASET")


def explicit_sources(facet: object) -> Iterator[Entry]:
    """Give the datasets, with their namespace and name, that an explicit lineage facet says data came from."""
    for _, listed in _explicit_lists(facet):
        yield from _sound(listed, "DATASET")


def entries(facet: object) -> dict[str, Entry]:
    """Return the entries of a job's or run's explicit lineage facet, by the name of the dataset that they are about."""
    if not isinstance(facet, Mapping):
        return {}
    listed = facet.get("entries", facet.get("lineage"))
    found = (one for one in listed if isinstance(one, Mapping)) if isinstance(listed, Sequence) else ()
    return {_dataset(one): one for one in found if one.get("type") == "DATASET" and "name" in one}


def column_lineage(facet: object) -> Iterator[Told]:
    """Give what a column lineage facet tells of its target."""
    if not isinstance(facet, Mapping):
        return
    fields = facet.get("fields")
    for column, entry in fields.items() if isinstance(fields, Mapping) else ():
        if isinstance(entry, Mapping):
            how = {key: entry[key] for key in ("transformationType", "transformationDescription") if entry.get(key)}
            yield from _told(entry.get("inputFields"), column, None, how)
    yield from _told(facet.get("dataset"), None, None)


def _explicit_lists(facet: object) -> Iterator[tuple[str | None, object]]:
    """Give the list of sources of the target as a whole, and that of each of its columns."""
    if isinstance(facet, Mapping):
        yield None, facet.get("inputs")
        fields = facet.get("fields")
        for column, entry in fields.items() if isinstance(fields, Mapping) else ():
            yield column, entry.get("inputs") if isinstance(entry, Mapping) else None


def _told(
    listed: object, column: str | None, kind: str | None, how: Mapping[str, JSON] | None = None
) -> Iterator[Told]:
    """Give each source of a list; `kind` is the type that it must say to have, `how` what is told of all of them."""
    for one in _sound(listed, kind):
        said = one.get("transformations") or ([dict(how)] if how else [])
        yield Told(_dataset(one), one.get("field"), column, tuple(said) if isinstance(said, Sequence) else ())


def _sound(listed: object, kind: str | None) -> Iterator[Entry]:
    for one in listed if isinstance(listed, Sequence) else ():
        if isinstance(one, Mapping) and "name" in one and one.get("type", kind) == (kind or one.get("type")):
            yield one


def _dataset(found: Entry) -> str:
    return f"{found.get('namespace', '')}/{found['name']}"


def _name(state: str) -> str:
    name, _ = ids.split_state_id(state) or (state, "")
    return name


def _maker(state: str) -> str:
    _, maker = ids.split_state_id(state) or ("", state)
    return maker


@dataclass(slots=True)
class _Run:
    """What an answer and the facets say of one run: states by name, facets by what they are of."""

    id: str
    reads: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    writes: dict[str, str] = field(default_factory=dict)
    facets: dict[tuple[str, str], dict[str, Entry]] = field(default_factory=lambda: defaultdict(dict))

    def derivations(self) -> Iterator[Derivation]:
        """Give what led to each output, in the order of their names."""
        sources = self._sources()
        for name, state in sorted(self.writes.items()):
            basis, told = self._told(name)
            for one in told:
                for source in sources.get(one.source) or [ids.external_id(one.source)]:
                    ends = Column(source, one.column), Column(state, one.target_column)
                    yield Derivation(*ends, self.id, basis, one.transformations)

    def _told(self, name: str) -> tuple[Basis, list[Told]]:
        """Return what is told of an output, and on what ground."""
        about = self.facets["output", self._primary("output", name)]
        if (explicit_one := self._explicit(self._primary("output", name))) is not None:
            return "lineage", list(explicit(explicit_one))
        if "columnLineage" in about:
            return "columnLineage", list(column_lineage(about["columnLineage"]))
        names = sorted({self._primary("input", read) for read in self.reads})
        return "inputs", [Told(read, None, None, ()) for read in names]

    def _explicit(self, name: str) -> Entry | None:
        own = self.facets["run", ""]
        told = entries(own.get("lineage")) | entries(own.get("job/lineage"))
        return self.facets["output", name].get("lineage") or told.get(name)

    def _sources(self) -> dict[str, list[str]]:
        """Return the states read under each name, and those that other runs made under its other names."""
        primary = {name: self._primary("input", name) for name in self.reads}
        found = {name: list(states) for name, states in self.reads.items() if primary[name] == name}
        for name in sorted(self.reads.keys() - found.keys()):
            of = found.setdefault(primary[name], [])
            known = {_maker(state) for state in of} | ({ids.EXTERNAL} if of else set())
            of += [state for state in self.reads[name] if _maker(state) not in known]
        return found

    def _primary(self, subject: str, name: str) -> str:
        """Return the name that `name` is only another one of, else itself."""
        alias = self.facets[subject, name].get("openlineage", {}).get("symlinkOf")
        return alias if isinstance(alias, str) else name
