"""Where two runs or two traces first differ: walked upstream in lockstep, most upstream difference first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from headwater.errors import UsageError
from headwater.graph.answer import Document
from headwater.graph.lineage.staleness import failed_triggers
from headwater.graph.lineage.walk import resolve
from headwater.graph.model import Pointer, Run
from headwater.graph.store import RunDetail, Store

MAX_PAIRS = 2_000

DivergenceKind: TypeAlias = Literal["code", "data", "params", "stale_input", "failed_trigger", "status", "component"]


@dataclass(frozen=True, slots=True)
class Divergence:
    """One difference between the runs `a` and `b` that stand at the same place, `depth` runs upstream of the start."""

    kind: DivergenceKind
    a: str | None
    b: str | None
    depth: int
    what: str
    values: tuple[Any, Any]

    def to_dict(self) -> Document:
        """Return the JSON document of the difference."""
        return {
            "kind": self.kind,
            "a": self.a,
            "b": self.b,
            "depth": self.depth,
            "what": self.what,
            "values": list(self.values),
        }


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences, most upstream first; `is_complete` is false when more than 2,000 pairs of runs were met."""

    a: str
    b: str
    divergences: tuple[Divergence, ...]
    is_complete: bool

    @property
    def first(self) -> Divergence | None:
        """The most upstream difference: as a rule the cause of the others."""
        return self.divergences[0] if self.divergences else None

    def to_dict(self) -> Document:
        """Return the JSON document that the command line and HTTP give."""
        return {
            "a": self.a,
            "b": self.b,
            "first": None if self.first is None else self.first.to_dict(),
            "divergences": [divergence.to_dict() for divergence in self.divergences],
            "complete": self.is_complete,
        }


def diff(store: Store, a: str, b: str) -> Diff:
    """Return where two runs, or the traces of two pointers, differ. Raises UnknownPointer.

    Runs are paired from the start upstream: inputs of one name, then inputs that runs of one component made. Where
    both read the same state, everything above is the same.
    """
    starts = resolve(store, a), resolve(store, b)
    first = _maker(store, starts[0]), _maker(store, starts[1])
    if first[0] is None or first[1] is None:
        missing = starts[0] if first[0] is None else starts[1]
        raise UsageError(f"no recorded run made {missing}", hint="compare runs, or pointers that runs made")
    found, complete = _lockstep(store, first[0], first[1])
    order = {kind: index for index, kind in enumerate(("code", "params", "data", "stale_input", "failed_trigger"))}
    found.sort(key=lambda d: (-d.depth, order.get(d.kind, 9), d.a or "", d.b or "", d.what))
    return Diff(*starts, tuple(found), complete)


def _maker(store: Store, node: str) -> str | None:
    try:
        return store.run(node).run.id
    except LookupError:
        return store.resolve(node).run


def _lockstep(store: Store, a: str, b: str) -> tuple[list[Divergence], bool]:
    found: list[Divergence] = []
    seen = {(a, b)}
    waiting = deque([(a, b, 0)])
    while waiting and len(seen) <= MAX_PAIRS:
        left, right, depth = waiting.popleft()
        if left == right:
            continue
        pair = store.run(left), store.run(right)
        found.extend(_compare(store, *pair, depth))
        for one, other in _pairs(store, *pair):
            found.extend(_data(pair, one, other, depth))
            if one and other and one.run and other.run and (one.run, other.run) not in seen and one.id != other.id:
                seen.add((one.run, other.run))
                waiting.append((one.run, other.run, depth + 1))
    return found, not waiting


def _compare(store: Store, a: RunDetail, b: RunDetail, depth: int) -> Iterator[Divergence]:
    x, y = a.run, b.run

    def differs(kind: DivergenceKind, what: str, one: Any, other: Any) -> Divergence:
        return Divergence(kind, x.id, y.id, depth, what, (one, other))

    if x.component != y.component:
        yield differs("component", "component", x.component, y.component)
    for what in ("commit", "source"):
        if getattr(x, what) != getattr(y, what):
            yield differs("code", what, getattr(x, what), getattr(y, what))
    for key in sorted(x.params.keys() | y.params.keys()):
        if _item(x.params, key) != _item(y.params, key):
            yield differs("params", key, x.params.get(key), y.params.get(key))
    if failed_triggers(x.triggers) != failed_triggers(y.triggers):
        yield differs("failed_trigger", "triggers", failed_triggers(x.triggers), failed_triggers(y.triggers))
    if x.status != y.status:
        yield differs("status", "status", x.status.value, y.status.value)
    stale = _fresher(store, x), _fresher(store, y)
    if bool(stale[0]) != bool(stale[1]):
        yield differs("stale_input", "fresher", *stale)


def _item(params: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    return key in params, params.get(key)


def _fresher(store: Store, run: Run) -> list[str]:
    """What was fresher than the run's inputs when it started."""
    ages = store.input_ages([run.id], None)
    return sorted({found for age in ages if (found := age.fresher_state or age.fresher_run) is not None})


Pair: TypeAlias = tuple[Pointer | None, Pointer | None]


def _pairs(store: Store, a: RunDetail, b: RunDetail) -> list[Pair]:
    """Pair the inputs: by name, then by the component of their makers in the order of names; the rest stand alone."""
    left = {p.name: p for _, p in a.inputs}
    right = {p.name: p for _, p in b.inputs}
    pairs: list[Pair] = [(left.pop(name), right.pop(name)) for name in sorted(left.keys() & right.keys())]
    by_maker = _by_component(store, left.values()), _by_component(store, right.values())
    for component in sorted(by_maker[0].keys() | by_maker[1].keys()):
        ours, theirs = by_maker[0].get(component, []), by_maker[1].get(component, [])
        shared = min(len(ours), len(theirs))
        pairs += zip(ours[:shared], theirs[:shared], strict=True)
        pairs += [(one, None) for one in ours[shared:]] + [(None, one) for one in theirs[shared:]]
    return pairs


def _by_component(store: Store, pointers: Any) -> dict[str, list[Pointer]]:
    found: dict[str, list[Pointer]] = {}
    for pointer in sorted(pointers, key=lambda p: p.name):
        component = (store.components_of([pointer.run]) or [""])[0] if pointer.run else ""
        found.setdefault(component, []).append(pointer)
    return found


def _data(pair: Sequence[RunDetail], one: Pointer | None, other: Pointer | None, depth: int) -> Iterator[Divergence]:
    """Different data where no pair of runs upstream can explain it."""
    if one is not None and other is not None and (one.id == other.id or (one.run and other.run)):
        return
    name = (one or other).name  # type: ignore[union-attr]
    values = (None if one is None else one.id), (None if other is None else other.id)
    yield Divergence("data", pair[0].run.id, pair[1].run.id, depth, name, values)
