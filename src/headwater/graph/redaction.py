"""What erasures make of facts: the rule that the reference and every store apply before anything is merged.

Whatever is redacted here keeps its place among the facts that it is merged with: no other claim wins because of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from headwater import ids
from headwater.graph.erasure import Erased, Erasure, hashed, label_text
from headwater.graph.facts import Annotation, FacetKey, Fact, Input, Labels, Output, RunFact, TriggerResult

Registers: TypeAlias = dict[tuple[str, str], tuple[datetime, str]]


class Redaction:
    """What a set of erasures makes of names, ids, facets and whole facts, each applied as often as wanted."""

    def __init__(self, erasures: Iterable[Erasure]) -> None:
        self.erasures = tuple(erasures)
        self._replacements: dict[tuple[str | None, str | None], str] = {}
        self._salts = sorted({e.salt for e in self.erasures if e.salt is not None})
        self._labels = {(e.salt, e.match) for e in self.erasures if e.kind == "label"}
        for erasure in self.erasures:
            if erasure.kind == "name" and erasure.replacement is not None:
                place = erasure.salt, erasure.match
                self._replacements[place] = min(erasure.replacement, self._replacements.get(place, erasure.replacement))
        self._known: dict[str, str] = {}
        self._erased: dict[str, Erased] = {}
        for erasure in self.erasures:
            if erasure.target is not None:
                target, erased = self.target(erasure.target), Erased(erasure.at, erasure.request)
                self._erased[target] = min(erased, self._erased.get(target, erased))

    def name(self, name: str) -> str:
        """Return what the name is now: its replacement, or what replaces that, and so on."""
        if name not in self._known:
            seen = [name]
            while (after := self._next(seen[-1])) is not None and after not in seen:
                seen.append(after)
            self._known[name] = seen[-1] if after is None else min(seen[seen.index(after) :])
        return self._known[name]

    def _next(self, name: str) -> str | None:
        places = [(salt, hashed(salt, name)) for salt in self._salts] if self._replacements else []
        return min((self._replacements[place] for place in places if place in self._replacements), default=None)

    def target(self, target: str) -> str:
        """Return the id of a state or run with what its name is now."""
        parts = ids.split_state_id(target)
        return target if parts is None else f"{self.name(parts[0])}@{parts[1]}"

    def erased(self, target: str) -> Erased | None:
        """Return when and for which request the payload of a state or run was first erased, None when it was not."""
        return self._erased.get(target)

    def is_dropped(self, label: str) -> bool:
        """Whether this label, as `label_text` writes it, has been erased."""
        return bool(self._labels) and any((salt, hashed(salt, label)) in self._labels for salt in self._salts)

    def facet(self, key: FacetKey) -> FacetKey | None:
        """Return what a facet is now called, None when it is erased."""
        if key.subject == "component":
            return key
        name = self.name(key.name) if key.name else ""
        of_state = self.erased(ids.state_id(name, key.owner)) if key.subject in ("output", "label") else None
        is_gone = of_state or self.erased(key.owner) or (key.subject == "label" and self.is_dropped(key.key))
        return None if is_gone else key._replace(name=name)

    def registers(self, run: str, registers: Registers) -> Registers:
        """Return what is left of the merged claims about a run."""
        if self.erased(run) is None:
            return registers
        left = {}
        for (section, key), (at, text) in registers.items():
            if section == "triggers":
                left[section, key] = at, TriggerResult(**json.loads(text)).blank().to_text()
            elif section == "run" and key != "error":
                left[section, key] = at, text
        return left

    def claim(self, claim: Input) -> Input:
        """Return a claim under what its name is now, without facets and labels."""
        state = None if claim.state is None else self.target(claim.state)
        return Input(self.name(claim.name), claim.at, claim.digest, state)

    def redact(self, fact: Fact) -> Fact | None:
        """Return what is left of a fact, None when nothing is."""
        if isinstance(fact, RunFact):
            return self._run(fact)
        if isinstance(fact, Annotation):
            return self.annotation(fact)
        return self.erasure(fact) if isinstance(fact, Erasure) else fact

    def annotation(self, note: Annotation) -> Annotation | None:
        """Return what is left of an annotation: of one whose target is erased a flag without its texts, or nothing."""
        if note.kind == "label" and self.is_dropped(label_text(note.key, note.value)):
            return None
        target = self.target(note.target)
        if self.erased(target) is None:
            return note if target == note.target else replace(note, target=target)
        return Annotation(target, "flag", note.value, at=note.at) if note.kind == "flag" else None

    def erasure(self, fact: Erasure) -> Erasure:
        """Return an erasure with what its target and its replacement are now, without the plain text."""
        target = None if fact.target is None else self.target(fact.target)
        replacement = None if fact.replacement is None else self.name(fact.replacement)
        return replace(fact, target=target, replacement=replacement, plain=None)

    def _run(self, fact: RunFact) -> RunFact:
        is_erased = self.erased(fact.id) is not None
        inputs = tuple(
            replace(self.claim(one), facets={} if is_erased else one.facets, labels=self._labels_of(fact.id, one))
            for one in fact.inputs
        )
        outputs = tuple(self._output(fact.id, output) for output in fact.outputs)
        left = replace(fact, inputs=inputs, outputs=outputs)
        if not is_erased:
            return left
        blank = {key: result.blank() for key, result in fact.triggers.items()}
        return replace(left, params={}, error=None, facets={}, triggers=blank)

    def _output(self, run: str, output: Output) -> Output:
        name = self.name(output.name)
        is_erased = self.erased(run) or self.erased(ids.state_id(name, run))
        facets = {} if is_erased else output.facets
        return Output(name, output.digest, output.type, facets, self._labels_of(run, output))

    def _labels_of(self, run: str, claim: Input | Output) -> Labels:
        """Return the labels of an input or output that are not erased."""

        def stays(key: str, value: str) -> bool:
            return self.facet(FacetKey("label", run, claim.name, label_text(key, value))) is not None

        return {key: [value for value in values if stays(key, value)] for key, values in claim.labels.items()}
