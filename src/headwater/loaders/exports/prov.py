"""PROV-JSON: runs are activities, states are entities, and each claim stands whole beside what it comes to.

Any tool for PROV sees what was used and generated; the kind `prov` reads the claims, so nothing is lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar, TextIO

from headwater import clock, ids
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Output, RunFact
from headwater.graph.wire import fact_to_dict
from headwater.loaders.exporting import Bindings, Exported, bindings, pages
from headwater.loaders.prov.names import CLAIM, PREFIX, local_name
from headwater.loaders.prov.own import HEAD

SECTIONS = ("agent", "entity", "activity", "wasAssociatedWith", "used", "wasGeneratedBy")
_RUNS_AT_ONCE = 200
_IN_MEMORY_BYTES = 1 << 20
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class ProvExporter:
    """Writes one document; its sections wait in temporary files, so that memory does not grow."""

    kind: ClassVar[str] = "prov"
    loss: ClassVar[str] = ""

    def write(self, what: Exported, to: TextIO) -> None:
        """Write the document."""
        with ExitStack() as stack:
            document = _Document({name: stack.enter_context(_temporary()) for name in SECTIONS})
            for page in pages(_of_one_thing(what.facts()), _RUNS_AT_ONCE):
                bound = bindings(what.store, (fact for facts in page for fact in facts))
                for facts in page:
                    document.add(facts, bound)
            document.write(to)


def _temporary() -> Any:
    return SpooledTemporaryFile(_IN_MEMORY_BYTES, "w+", encoding="utf-8", newline="")


def _of_one_thing(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Give the facts in lists about one run, one component, or one annotation."""
    for _, group in groupby(facts, _subject):
        yield list(group)


def _subject(fact: Fact) -> tuple[str, object]:
    if isinstance(fact, RunFact):
        return "run", fact.id
    return ("component", fact.name) if isinstance(fact, ComponentFact) else ("annotation", fact)


@dataclass(slots=True)
class _Document:
    """The sections as far as they are written, each the inside of a JSON object."""

    sections: Mapping[str, TextIO]
    count: Counter[str] = field(default_factory=Counter)

    def add(self, facts: Sequence[Fact], bound: Bindings) -> None:
        """Add what the facts of one thing come to."""
        first = facts[0]
        if isinstance(first, RunFact):
            self._run([fact for fact in facts if isinstance(fact, RunFact)], bound)
        elif isinstance(first, ComponentFact):
            self._put("agent", _name("component", first.name), {"prov:label": first.name}, facts)
        else:
            self._annotation(first)

    def write(self, to: TextIO) -> None:
        """Write the sections one behind the other, each record on a line of its own."""
        to.write(HEAD)
        for name, section in self.sections.items():
            if self.count[name]:
                to.write(f',\n"{name}":{{')
                section.seek(0)
                to.writelines(section)
                to.write("\n}")
        to.write("\n}\n")

    def _run(self, facts: Sequence[RunFact], bound: Bindings) -> None:
        run = _name("run", facts[0].id)
        starts = [fact.started_at for fact in facts if fact.started_at]
        ends = [fact.ended_at for fact in facts if fact.ended_at]
        times = {"startTime": min(starts, default=None), "endTime": max(ends, default=None)}
        said = {f"prov:{key}": clock.isoformat(at) for key, at in times.items() if at is not None}
        self._put("activity", run, said, [replace(fact, inputs=(), outputs=()) for fact in facts])
        for component in sorted({fact.component for fact in facts if fact.component}):
            self._relate("wasAssociatedWith", {"prov:activity": run, "prov:agent": _name("component", component)})
        for fact in facts:
            for claim in fact.inputs:
                state = bound.get((fact.id, claim), ids.external_id(claim.name))
                told = {"prov:activity": run, "prov:entity": _name("state", state)}
                at = {} if claim.at is None else {"prov:time": clock.isoformat(claim.at)}
                self._relate("used", {**told, **at}, [RunFact(fact.id, inputs=(claim,), at=fact.at)])
        self._outputs(run, facts)

    def _outputs(self, run: str, facts: Sequence[RunFact]) -> None:
        made: dict[str, Output] = {}
        for fact in facts:
            for output in fact.outputs:
                earlier = made.get(output.name, output)
                made[output.name] = replace(output, digest=output.digest or earlier.digest)
                told = {"prov:entity": _state(fact, output), "prov:activity": run}
                self._relate("wasGeneratedBy", told, [RunFact(fact.id, outputs=(output,), at=fact.at)])
        for output in made.values():
            about = {"prov:label": output.name, f"{PREFIX}:digest": output.digest, f"{PREFIX}:type": output.type}
            self._put("entity", _state(facts[0], output), {key: value for key, value in about.items() if value})

    def _annotation(self, note: Fact) -> None:
        assert isinstance(note, (Annotation, Erasure))
        about = {"prov:label": f"{note.kind} of {note.target or 'a hash'}"}
        self._put("entity", _name("note", str(self.count["entity"])), about, [note])

    def _relate(self, section: str, told: Mapping[str, str], claims: Sequence[Fact] = ()) -> None:
        self._put(section, f"_:{section}{self.count[section]}", told, claims)

    def _put(self, section: str, ident: str, told: Mapping[str, Any], claims: Sequence[Fact] = ()) -> None:
        texts = [_encode(fact_to_dict(claim)) for claim in claims]
        claim = {f"{PREFIX}:{CLAIM}": texts[0] if len(texts) == 1 else texts} if texts else {}
        comma = ",\n" if self.count[section] else "\n"
        self.sections[section].write(f"{comma}{_encode(ident)}:{_encode({**told, **claim})}")
        self.count[section] += 1


def _name(kind: str, text: str) -> str:
    return f"{PREFIX}:{local_name(kind, text)}"


def _state(fact: RunFact, output: Output) -> str:
    return _name("state", ids.state_id(output.name, fact.id))
