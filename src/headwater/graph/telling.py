"""A stored graph told again as facts: the inverse of merging, exact to the time of each field.

Told facts recorded elsewhere give the same graph, and go on merging with later facts as the stored claims would.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from headwater import clock, ids
from headwater.graph.claims import Register, Registers, RunClaims
from headwater.graph.engine import Engine
from headwater.graph.facts import ComponentFact, FacetKey, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.records import decode_annotation, decode_erasure, decode_facet, known_components, known_runs
from headwater.graph.values import JSON

_PAGE = 500


def told(engine: Engine, runs: Sequence[str] | None = None) -> Iterator[Fact]:
    """Give the facts of these runs with their components and annotations, or of the whole graph, page by page.

    Of the erasures those of the payloads of these runs and their states, or all; each before what it concerns.
    """
    if runs is None:
        yield from map(decode_erasure, engine.stream("store/erasures"))
        yield from _components(engine, [row[0] for row in engine.read("runs/components")])
        for page in _pages(engine):
            yield from _runs(engine, page)
        yield from (decode_annotation(row[:-1]) for row in engine.stream("store/annotations"))
        return
    components: set[str] = set()
    for start in range(0, len(runs), _PAGE):
        targets = set(runs[start : start + _PAGE])
        facts = list(_runs(engine, sorted(targets)))
        nodes = targets | {node for fact in facts for node in _nodes(fact)}
        yield from map(decode_erasure, engine.read("deletion/erasures", matches=[], targets=sorted(nodes)))
        for fact in facts:
            yield fact
            components.update({fact.component} if fact.component else ())
            targets.update(f"{output.name}@{fact.id}" for output in fact.outputs)
        yield from map(decode_annotation, engine.read("ingest/annotations", targets=sorted(targets)))
    yield from _components(engine, sorted(components))


def _nodes(fact: RunFact) -> Iterator[str]:
    """The states of which a run speaks: those that it made, and those of which no other run may speak."""
    yield from (ids.state_id(output.name, fact.id) for output in fact.outputs)
    yield from (claim.state or ids.external_id(claim.name, claim.digest) for claim in fact.inputs)


def _pages(engine: Engine) -> Iterator[list[str]]:
    after = ""
    while page := [row[0] for row in engine.read("store/run_ids", after=after, most=_PAGE)]:
        yield page
        after = page[-1]


def _runs(engine: Engine, runs: Sequence[str]) -> Iterator[RunFact]:
    facets = _facets(engine, runs)
    for run, claims in known_runs(engine.read, runs).items():
        yield from run_facts(claims, facets.get(run, {}))


def _facets(engine: Engine, owners: Sequence[str]) -> dict[str, dict[FacetKey, Register]]:
    found: dict[str, dict[FacetKey, Register]] = defaultdict(dict)
    for key, said in map(decode_facet, engine.read("runs/facets", owners=list(owners))):
        found[key.owner][key] = said
    return found


def _components(engine: Engine, names: Sequence[str]) -> Iterator[ComponentFact]:
    facets = _facets(engine, names)
    for name, registers in known_components(engine.read, names).items():
        kept = {key: said for key, said in facets.get(name, {}).items() if key.subject == "component"}
        yield from component_facts(name, registers, kept)


def component_facts(name: str, registers: Registers, facets: Mapping[FacetKey, Register]) -> list[ComponentFact]:
    """Return the fewest facts that come to these claims about a component."""
    times = {at for at, _ in (*registers.values(), *facets.values())} or {clock.EPOCH}
    frames: dict[datetime, dict[str, Any]] = {at: {"at": at, "facets": {}} for at in sorted(times)}
    for (_, key), (at, text) in registers.items():
        value = json.loads(text)
        if key == "max_age_us":
            frames[at]["max_age"] = timedelta(microseconds=value)
        else:
            frames[at][key] = tuple(value) if key == "tags" else value
    for facet, (at, text) in facets.items():
        frames[at]["facets"][facet.key] = json.loads(text)
    return [ComponentFact(name, **fields) for fields in frames.values()]


def run_facts(claims: RunClaims, facets: Mapping[FacetKey, Register]) -> list[RunFact]:
    """Return the fewest facts that come to these claims: one for each time at which something was claimed."""
    kept = {key: said for key, said in facets.items() if key.subject != "component"}
    frames = [_Frame(at) for at in sorted(_times(claims, kept.values()))]
    if claims.start and claims.end and claims.end < claims.start and len(frames) == 1:
        frames.append(_Frame(frames[0].at))
    by_time = {frame.at: frame for frame in reversed(frames)}
    for field_key, (at, text) in claims.registers.items():
        by_time[at].put(*field_key, json.loads(text))
    for name, said in claims.outputs.items():
        frames[0].outputs.setdefault(name, {})
        for (_, key), (at, text) in said.items():
            by_time[at].outputs.setdefault(name, {})[key] = json.loads(text)
    read = {name for name, _ in claims.inputs}
    for facet, (at, text) in kept.items():
        by_time[at].keep(facet, json.loads(text), facet.name in read)
    frames[0].fields["started_at"] = claims.start
    frames[-1].fields |= {"ended_at": claims.end, "status": claims.status}
    claimed = [claim for _, claim in sorted(claims.inputs.items())]
    frames[0].inputs = {claim: claim for claim in claimed}
    by_name = {claim.name: claim for claim in reversed(claimed)}
    return [frame.fact(claims.id, by_name) for frame in frames]


def _times(claims: RunClaims, facets: Iterable[Register]) -> set[datetime]:
    registers = [*claims.registers.values(), *facets]
    registers += [said for output in claims.outputs.values() for said in output.values()]
    bounds = {claims.first if claims.start is None else None, claims.last if claims.end is None else None}
    times = {at for at, _ in registers} | {at for at in bounds if at is not None}
    return times or {claims.last}


@dataclass(slots=True)
class _Frame:
    """What was claimed of a run at one time."""

    at: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    inputs: dict[Input, Input] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, section: str, key: str, value: Any) -> None:
        """Add one field, parameter or trigger."""
        if section == "run":
            self.fields[key] = value
        else:
            told = TriggerResult(**value) if section == "triggers" else value
            self.fields.setdefault(section, {})[key] = told

    def keep(self, facet: FacetKey, value: JSON, is_read: bool) -> None:
        """Add one facet or label, to what it is of; a label to the input, if the run read what it is of."""
        if facet.subject == "run":
            self.fields.setdefault("facets", {})[facet.key] = value
            return
        of_input = facet.subject == "input" or (facet.subject == "label" and is_read)
        said = (self.seen if of_input else self.outputs).setdefault(facet.name, {})
        if facet.subject == "label":
            key, label = json.loads(facet.key)
            said.setdefault("labels", {}).setdefault(key, []).append(label)
        else:
            said.setdefault("facets", {})[facet.key] = value

    def fact(self, run: str, by_name: Mapping[str, Input]) -> RunFact:
        """Return all of it as one fact; `by_name` gives a claim for each input's name."""
        seen = {by_name[name]: replace(by_name[name], **said) for name, said in self.seen.items()}
        inputs = tuple((self.inputs | seen).values())
        outputs = tuple(Output(name, **said) for name, said in sorted(self.outputs.items()))
        return RunFact(run, at=self.at, inputs=inputs, outputs=outputs, **self.fields)
