"""What a plan asks of a store beyond walks: labels that were given, the versions of names, how long runs took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from headwater.graph.engine import Engine
from headwater.graph.store import Name, Version
from headwater.graph.values import canonical

_SECOND = timedelta(seconds=1)


class QuerySurveys:
    """The part of a store on an engine that plans of deletions use."""

    engine: Engine

    def annotated(self, labels: Sequence[tuple[str, str]]) -> Sequence[tuple[str, tuple[str, str]]]:
        """Return (id of a state or run, label) of all that were ever given one of these labels, sorted."""
        wanted = set(labels)
        keys, values = sorted({key for key, _ in wanted}), sorted({canonical(value) for _, value in wanted})
        rows = self.engine.read("deletion/given", keys=keys, values=values)
        return sorted((target, (key, value)) for target, key, value in rows if (key, value) in wanted)

    def names(self, names: Sequence[str]) -> Mapping[str, Name]:
        """Return what each of these names stands for now; names of which no state was produced are left out."""
        rows = self.engine.read("deletion/newest", names=list(names))
        return {name: Name(Version(state, name, at, run, bool(gone)), n) for name, state, run, at, gone, n in rows}

    def versions(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the ids of the produced states of each of these names that are not erased, the newest first."""
        return dict(self.engine.read("deletion/versions", names=list(names)))

    def states(self, names: Sequence[str], digests: Sequence[str]) -> Sequence[tuple[str, str, str | None]]:
        """Return (id, name, digest) of every state of these names, and of every produced one with these contents."""
        rows = self.engine.read("deletion/states", names=list(names), digests=list(digests))
        return [(state, name, digest) for state, name, digest in rows]

    def starting(self, prefixes: Sequence[str]) -> Sequence[str]:
        """Return the names that begin with one of these texts, each once, in no order."""
        return [name for (name,) in self.engine.read("deletion/starting", prefixes=list(prefixes))]

    def durations(self, components: Sequence[str], most: int) -> Mapping[str, Sequence[float]]:
        """Return the seconds that the newest completed runs of each component took, sorted, `most` at the most."""
        found: dict[str, list[float]] = defaultdict(list)
        for component, started_at, ended_at in self.engine.read("deletion/durations", components=components, most=most):
            found[component].append((ended_at - started_at) / _SECOND)
        return {component: sorted(took) for component, took in found.items()}
