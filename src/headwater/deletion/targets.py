"""From what people wrote to what a plan is made for: the states and labels that subjects mean in a store now."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from headwater.deletion.situation import Target
from headwater.deletion.subjects import Subject
from headwater.graph.store import DeletionStore

_WILD = {"*": ".*", "?": "."}


def targets(store: DeletionStore, requests: Mapping[str, Sequence[Subject]]) -> list[Target]:
    """Return for each request the states and labels that its subjects mean; empty where the store knows none.

    Asks a few questions for all together. Cost: the states that are meant, and all names for a pattern that begins
    with `*` or `?`, all states that no run made for a digest.
    """
    known = _States(store, [subject for subjects in requests.values() for subject in subjects])
    return [_target(request, subjects, known) for request, subjects in requests.items()]


def _target(request: str, subjects: Sequence[Subject], known: _States) -> Target:
    states = sorted({state for subject in subjects for state in known.of(subject)})
    labels = sorted({subject.label for subject in subjects if subject.kind == "label"})
    return Target(request, tuple(states), tuple(labels))


class _States:
    """The states that subjects mean, found together."""

    def __init__(self, store: DeletionStore, subjects: Sequence[Subject]) -> None:
        texts: dict[str, set[str]] = defaultdict(set)
        for subject in subjects:
            texts[subject.kind].add(subject.text)
        self._fitting = _fitting(store, texts["pattern"])
        names = {*texts["name"], *(name for found in self._fitting.values() for name in found)}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._by_digest: dict[str, set[str]] = defaultdict(set)
        for state, name, digest in _rows(store, names, texts["digest"]):
            self._by_name[name].add(state)
            self._by_digest[digest or ""].add(state)
        found = store.sources(sorted(texts["state"])) if texts["state"] else None
        self._ids = set(found.nodes) if found is not None else set()

    def of(self, subject: Subject) -> set[str]:
        """Return the ids of the states that a subject means."""
        if subject.kind == "pattern":
            return {state for name in self._fitting[subject.text] for state in self._by_name[name]}
        if subject.kind == "state":
            return {subject.text} & self._ids
        return {"name": self._by_name, "digest": self._by_digest}.get(subject.kind, {}).get(subject.text, set())


def _rows(store: DeletionStore, names: Iterable[str], digests: set[str]) -> Iterable[tuple[str, str, str | None]]:
    yield from store.states(sorted(names), sorted(digests))
    if digests:
        # A state that no run made has its digest in its id, and in no index.
        yield from ((p.id, p.name, p.digest) for p in store.unmade() if p.digest in digests)


def _fitting(store: DeletionStore, patterns: set[str]) -> dict[str, list[str]]:
    """Return the names that fit each glob."""
    prefixes = {pattern: re.split(r"[*?]", pattern, maxsplit=1)[0] for pattern in patterns}
    names = store.starting(sorted(set(prefixes.values()))) if patterns else []
    found: dict[str, list[str]] = {}
    for pattern, prefix in prefixes.items():
        expression = re.compile("".join(_WILD.get(char) or re.escape(char) for char in pattern), re.DOTALL)
        found[pattern] = [name for name in names if name.startswith(prefix) and expression.fullmatch(name)]
    return found
