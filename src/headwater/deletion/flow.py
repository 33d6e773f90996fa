"""How far the data of each subject flows: which subjects reach which node, by which way, and what lies on a cycle.

All subjects are followed in one pass over the edges: a node carries a bit for each subject that reaches it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.deletion.numbering import NOBODY, Numbering
from headwater.deletion.situation import Label, Situation
from headwater.graph import kernel
from headwater.graph.model import Pointer


@dataclass(frozen=True, slots=True)
class Subjects:
    """Each subject's bit: where it starts, its label if it is one; `groups` are the bits of each request."""

    starts: Mapping[int, int]
    by_label: Mapping[Label, int]
    by_key: Mapping[str, int]
    groups: Sequence[int]

    @classmethod
    def of(cls, situation: Situation) -> Subjects:
        """Number the subjects: one for all whole states of a request, and one a label."""
        number = situation.numbered.number
        starts: defaultdict[int, int] = defaultdict(int)
        by_label: defaultdict[Label, int] = defaultdict(int)
        by_key: defaultdict[str, int] = defaultdict(int)
        groups, bit = [], 1
        for target in situation.targets:
            first = bit
            for nodes, label in [(target.states, None), *((situation.starts.get(x, ()), x) for x in target.labels)]:
                for node in nodes:
                    if node in number:
                        starts[number[node]] |= bit
                if label is not None:
                    by_label[label] |= bit
                    by_key[label[0]] |= bit
                bit <<= 1
            groups.append(bit - first)
        return cls(starts, by_label, by_key, groups)

    def requests(self, bits: int) -> int:
        """Return how many requests these subjects belong to."""
        return sum(1 for group in self.groups if bits & group) if self.by_label else bits.bit_count()


@dataclass(slots=True)
class Flow:
    """What reaches what, by the numbers of the situation's nodes.

    `reach` holds the subjects of each node as bits; a node without any lies behind a component whose claim stops the
    flow (then it is in `claimed`), or holds other rows of the same data. `order` are the runs with the most upstream
    first, `loops` the cycle of each run on one, `stops` the runs whose component lets nothing through. `before` is the
    node right before each on its evidence, `chains` the whole evidence of those few that no such steps lead to.
    """

    situation: Situation
    subjects: Subjects
    order: Sequence[int]
    loops: Mapping[int, frozenset[int]]
    stops: frozenset[int]
    graph: Numbering = field(init=False)
    reach: list[int] = field(init=False)
    before: list[int] = field(init=False)
    claimed: set[int] = field(default_factory=set)
    chains: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = self.situation.numbered
        self.reach = [0] * len(self.graph.ids)
        self.before = [NOBODY] * len(self.graph.ids)

    @classmethod
    def of(cls, situation: Situation) -> Flow:
        """Follow all subjects. Cost: nodes and edges, with a machine word for each 64 subjects."""
        flow = cls(situation, Subjects.of(situation), *_in_order(situation.numbered), _stops(situation))
        flow._spread()
        flow._claim()
        flow._prove()
        return flow

    @property
    def reached(self) -> Mapping[str, int]:
        """The subjects of each node that any reaches, as bits, by id."""
        return {ident: bits for ident, bits in zip(self.graph.ids, self.reach, strict=True) if bits}

    @property
    def evidence(self) -> Mapping[str, tuple[str, ...]]:
        """The whole evidence of the nodes to which no steps right before lead, by id."""
        ids = self.graph.ids
        return {ids[node]: tuple([ids[one] for one in chain]) for node, chain in self.chains.items()}

    def sources(self, node: int) -> tuple[str, ...]:
        """Return the touched nodes right before this one, the next on its evidence first; none of a subject."""
        ids, inputs = self.graph.ids, self.graph.inputs[node]
        if not inputs:
            return self._maker(node)
        if len(inputs) == 1:
            return (ids[inputs[0]],)
        first = self.before[node]
        if first == NOBODY:
            first = next((state for state in inputs if self._starts_in(state, node)), NOBODY)
        found = [ids[state] for state in inputs if state != first]
        return tuple(found) if first == NOBODY else (ids[first], *found)

    def _maker(self, node: int) -> tuple[str, ...]:
        found = self.graph.nodes[node]
        if not isinstance(found, Pointer) or found.run is None or node in self.subjects.starts:
            return ()
        return (found.run,)

    def _starts_in(self, state: int, run: int) -> bool:
        """Whether both carry one subject from the beginning."""
        starts = self.subjects.starts
        return starts.get(state, 0) & starts.get(run, 0) != 0

    def _passes(self, run: int, state: int, bits: int) -> int:
        """Return which of the subjects in the state flow into the run: those whose rows it may have read."""
        if not (bits and self.subjects.by_label):
            return bits
        rows = self.situation.rows.get(self.graph.ids[run])
        declared = frozenset() if rows is None else rows.get(self.graph.state(state).name, frozenset())
        for key in {key for key, _ in declared}:
            kept = (self.subjects.by_label.get(label, 0) for label in declared if label[0] == key)
            bits &= ~self.subjects.by_key.get(key, 0) | _united(kept)
        return bits

    def _spread(self) -> None:
        for node, bits in self.subjects.starts.items():
            self.reach[node] = bits
        settled: set[int] = set()
        for run in self.order:
            if run not in self.loops:
                self._pour(run)
            elif run not in settled:
                settled |= self.loops[run]
                self._circle(self.loops[run])

    def _pour(self, run: int) -> bool:
        """Let flow what reaches one run; return whether anything new came."""
        reach = self.reach
        old = bits = reach[run]
        if self.subjects.by_label:
            for state in self.graph.inputs[run]:
                bits |= self._passes(run, state, reach[state])
        else:
            for state in self.graph.inputs[run]:
                bits |= reach[state]
        if not bits:
            return False
        reach[run] = bits
        if run not in self.stops:
            for state in self.graph.near[run]:
                reach[state] |= bits
        return bits != old

    def _circle(self, loop: frozenset[int]) -> None:
        """Pour around a cycle until nothing new comes."""
        near = self.graph.near
        waiting = deque(run for run in self.order if run in loop)
        while waiting:
            run = waiting.popleft()
            if self._pour(run):
                waiting.extend(other for state in near[run] for other in near[state] if other in loop)

    def _claim(self) -> None:
        """Mark the runs whose claim stops the flow, and what nothing else reaches behind them."""
        if not self.stops:
            return
        for run in self.order:
            if run in self.stops if self.reach[run] else not self.claimed.isdisjoint(self.graph.inputs[run]):
                behind = (state for state in self.graph.near[run] if not self.reach[state])
                self.claimed.update((run, *behind))

    def _prove(self) -> None:
        """Find each node's evidence: a shortest way from a subject that one of its subjects took, ties by id."""
        carried = self._carried(self.subjects.starts.items())
        self._walk(carried, sorted(self.subjects.starts))
        for node, bits in enumerate(self.reach):
            if bits and not carried[node]:
                self.chains[node] = self._chain(node)
        if not all(self.reach):
            known = [-1 if bits else 0 for bits in self.reach]
            self._walk(known, [node for node, bits in enumerate(known) if bits], only_reached=False)

    def _carried(self, starts: Iterable[tuple[int, int]]) -> list[int]:
        found = [0] * len(self.reach)
        for node, bits in starts:
            found[node] = bits
        return found

    def _walk(self, carried: list[int], level: list[int], *, only_reached: bool = True) -> None:
        """Walk level by level with the subjects that came the way of the evidence."""
        near, stops = self.graph.near, self.stops if only_reached else frozenset()
        is_whole = not (only_reached and self.subjects.by_label)
        before = self.before
        while level:
            ahead: list[int] = []
            for node in level:
                if node in stops:
                    continue
                bits = carried[node]
                for other in near[node]:
                    if not carried[other]:
                        passed = bits if is_whole or self.graph.inputs[node] else self._passes(other, node, bits)
                        if passed:
                            carried[other], before[other] = passed, node
                            ahead.append(other)
            ahead.sort()
            level = ahead

    def _chain(self, node: int) -> tuple[int, ...]:
        """Return the evidence of a node by the first of its subjects alone."""
        bit = self.reach[node] & -self.reach[node]
        alone = Flow(self.situation, self.subjects, self.order, self.loops, self.stops)
        starts = [(start, bit) for start, bits in self.subjects.starts.items() if bits & bit]
        alone._walk(alone._carried(starts), sorted(start for start, _ in starts))
        chain = [node]
        while alone.before[chain[-1]] != NOBODY:
            chain.append(alone.before[chain[-1]])
        return tuple(reversed(chain))


def _united(bits: Iterable[int]) -> int:
    found = 0
    for some in bits:
        found |= some
    return found


def _in_order(graph: Numbering) -> tuple[list[int], dict[int, frozenset[int]]]:
    """Return the runs with the most upstream first, and the cycle of each run that lies on one.

    Runs in the order of their start are that already, but for facts with times or states of their own.
    """
    order = [run for _, run in sorted([(graph.run(run).started_at, run) for run in graph.runs])]
    place = [NOBODY] * len(graph.ids)
    for position, run in enumerate(order):
        place[run] = position
    edges = list(_steps(graph, place))
    if all(source < target for source, target in edges):
        return order, {}
    parts = kernel.strong_components(range(len(order)), edges)
    loops: dict[int, frozenset[int]] = {}
    itself = {source for source, target in edges if source == target}
    for part in parts:
        if len(part) > 1 or part[0] in itself:
            loop = frozenset(order[run] for run in part)
            loops.update(dict.fromkeys(loop, loop))
    return [order[run] for part in parts for run in sorted(part)], loops


def _steps(graph: Numbering, place: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield which run read what which other had made, by their places."""
    for state in graph.states:
        maker = graph.maker[state]
        if maker != NOBODY:
            yield from [(place[maker], place[run]) for run in graph.near[state]]


def _stops(situation: Situation) -> frozenset[int]:
    """Return the runs of components whose claim lets nothing through."""
    claiming = {name for name, stage in situation.stages.items() if stage.claim is not None}
    if not claiming:
        return frozenset()
    graph = situation.numbered
    return frozenset(run for run in graph.runs if graph.run(run).component in claiming)
