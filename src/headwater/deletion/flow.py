"""How far the data of each subject flows: which subjects reach which node, by which way, and what lies on a cycle.

All subjects are followed in one pass over the edges: a node carries a bit for each subject that reaches it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.deletion.situation import Label, Situation
from headwater.graph import kernel
from headwater.graph.model import Node, Pointer


@dataclass(frozen=True, slots=True)
class Subjects:
    """Each subject's bit: where it starts, which labels it stands for; `groups` are the bits of each request."""

    starts: Mapping[str, int]
    by_label: Mapping[Label, int]
    by_key: Mapping[str, int]
    groups: Sequence[int]

    @classmethod
    def of(cls, situation: Situation) -> Subjects:
        """Number the subjects: one for all whole states of a request, and one a label."""
        starts: defaultdict[str, int] = defaultdict(int)
        by_label: defaultdict[Label, int] = defaultdict(int)
        by_key: defaultdict[str, int] = defaultdict(int)
        groups, bit = [], 1
        for target in situation.targets:
            first = bit
            for nodes, label in [(target.states, None), *((situation.starts.get(x, ()), x) for x in target.labels)]:
                for node in nodes:
                    if node in situation.nodes:
                        starts[node] |= bit
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
    """What reaches what.

    `reach` holds the subjects of each node as bits; a node without any lies behind a component whose claim stops the
    flow (then it is in `claimed`), or holds other rows of the same data. `inputs` are the touched states that each run
    read, `order` the runs with the most upstream first, `loops` the cycle of each run on one, `stops` the runs whose
    component lets nothing through. `before` is the node right before each on its evidence, `chains` the whole evidence
    of those few that no such steps lead to.
    """

    situation: Situation
    subjects: Subjects
    inputs: Mapping[str, Sequence[str]]
    order: Sequence[str]
    loops: Mapping[str, frozenset[str]]
    stops: frozenset[str]
    reach: dict[str, int] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    before: dict[str, str] = field(default_factory=dict)
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, situation: Situation) -> Flow:
        """Follow all subjects. Cost: nodes and edges, with a machine word for each 64 subjects."""
        inputs = _inputs(situation)
        order, loops = _in_order(situation, inputs)
        flow = cls(situation, Subjects.of(situation), inputs, order, loops, _stops(situation))
        flow._spread()
        flow._claim()
        flow._prove()
        return flow

    def sources(self, node: Node) -> tuple[str, ...]:
        """Return the touched nodes right before this one, the next on its evidence first; none of a subject."""
        if isinstance(node, Pointer):
            return () if node.run is None or node.id in self.subjects.starts else (node.run,)
        inputs = self.inputs.get(node.id, ())
        if len(inputs) < 2:  # noqa: PLR2004  # nothing to put in order
            return tuple(inputs)
        inputs = sorted(inputs)
        first = self.before.get(node.id) or next((state for state in inputs if self._starts_in(state, node.id)), None)
        return tuple(inputs) if first is None else (first, *(state for state in inputs if state != first))

    def _starts_in(self, state: str, run: str) -> bool:
        """Whether both carry one subject from the beginning."""
        starts = self.subjects.starts
        return starts.get(state, 0) & starts.get(run, 0) != 0

    def _passes(self, run: str, state: str, bits: int) -> int:
        """Return which of the subjects in the state flow into the run: those whose rows it may have read."""
        if not (bits and self.subjects.by_label and run in self.situation.rows):
            return bits
        node = self.situation.nodes[state]
        assert isinstance(node, Pointer)
        declared = self.situation.rows[run].get(node.name, frozenset())
        for key in {key for key, _ in declared}:
            kept = (self.subjects.by_label.get(label, 0) for label in declared if label[0] == key)
            bits &= ~self.subjects.by_key.get(key, 0) | _united(kept)
        return bits

    def _spread(self) -> None:
        self.reach.update(self.subjects.starts)
        settled: set[str] = set()
        for run in self.order:
            if run not in self.loops:
                self._pour(run)
            elif run not in settled:
                settled |= self.loops[run]
                self._circle(self.loops[run])

    def _pour(self, run: str) -> bool:
        """Let flow what reaches one run; return whether anything new came."""
        reach = self.reach
        old = bits = reach.get(run, 0)
        for state in self.inputs.get(run, ()):
            came = reach.get(state, 0)
            bits |= self._passes(run, state, came) if self.subjects.by_label else came
        if not bits:
            return False
        reach[run] = bits
        if run not in self.stops:
            for state in self.situation.links[run]:
                reach[state] = reach.get(state, 0) | bits
        return bits != old

    def _circle(self, loop: frozenset[str]) -> None:
        """Pour around a cycle until nothing new comes."""
        waiting = deque(run for run in self.order if run in loop)
        while waiting:
            run = waiting.popleft()
            if self._pour(run):
                waiting.extend(
                    r for state in self.situation.links[run] for r in self.situation.links[state] if r in loop
                )

    def _claim(self) -> None:
        """Mark the runs whose claim stops the flow, and what nothing else reaches behind them."""
        if not self.stops:
            return
        for run in self.order:
            reached = run in self.reach
            if run in self.stops if reached else not self.claimed.isdisjoint(self.inputs.get(run, ())):
                behind = (state for state in self.situation.links[run] if state not in self.reach)
                self.claimed.update((run, *behind))

    def _prove(self) -> None:
        """Find each node's evidence: a shortest way from a subject that one of its subjects took, ties by id."""
        carried = dict(self.subjects.starts)
        self._walk(carried, sorted(carried))
        for node in sorted(self.reach.keys() - carried.keys()):
            self.chains[node] = self._chain(node)
        if len(self.reach) < len(self.situation.nodes):
            known = dict.fromkeys(self.reach, -1)
            self._walk(known, sorted(known), only_reached=False)

    def _walk(self, carried: dict[str, int], level: list[str], *, only_reached: bool = True) -> None:
        """Walk level by level with the subjects that came the way of the evidence."""
        links, stops = self.situation.links, self.stops if only_reached else frozenset()
        is_whole = not (only_reached and self.subjects.by_label)
        while level:
            ahead: dict[str, str] = {}
            for node in level:
                if node in stops:
                    continue
                bits = carried[node]
                for other in links[node]:
                    if other not in carried:
                        passed = bits if is_whole or node in self.inputs else self._passes(other, node, bits)
                        if passed:
                            carried[other], ahead[other] = passed, node
            self.before.update(ahead)
            level = sorted(ahead)

    def _chain(self, node: str) -> tuple[str, ...]:
        """Return the evidence of a node by the first of its subjects alone."""
        bit = self.reach[node] & -self.reach[node]
        alone = Flow(self.situation, self.subjects, self.inputs, self.order, self.loops, self.stops)
        carried = {start: bit for start, bits in self.subjects.starts.items() if bits & bit}
        alone._walk(carried, sorted(carried))
        chain = [node]
        while chain[-1] in alone.before:
            chain.append(alone.before[chain[-1]])
        return tuple(reversed(chain))


def _united(bits: Iterable[int]) -> int:
    found = 0
    for some in bits:
        found |= some
    return found


def _inputs(situation: Situation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    links = situation.links
    for state in situation.states:
        for run in links[state.id]:
            found[run].append(state.id)
    return found


def _in_order(situation: Situation, inputs: Mapping[str, Sequence[str]]) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Return the runs with the most upstream first, and the cycle of each run that lies on one.

    Runs in the order of their start are that already, but for facts with times or states of their own.
    """
    order = [ident for _, ident in sorted((run.started_at, run.id) for run in situation.runs)]
    place = {run: position for position, run in enumerate(order)}
    before = {state.id: place.get(state.run or "", -1) for state in situation.states}
    if all(before[state] < place[run] for run, states in inputs.items() for state in states):
        return order, {}
    edges = [(before[s], place[run]) for run, states in inputs.items() for s in states if before[s] >= 0]
    parts = kernel.strong_components(range(len(order)), edges)
    loops: dict[str, frozenset[str]] = {}
    itself = {source for source, target in edges if source == target}
    for part in parts:
        if len(part) > 1 or part[0] in itself:
            loop = frozenset(order[run] for run in part)
            loops.update(dict.fromkeys(loop, loop))
    return [order[run] for part in parts for run in sorted(part)], loops


def _stops(situation: Situation) -> frozenset[str]:
    """Return the runs of components whose claim lets nothing through."""
    claiming = {name for name, stage in situation.stages.items() if stage.claim is not None}
    if not claiming:
        return frozenset()
    return frozenset(run.id for run in situation.runs if run.component in claiming)
