"""Planning: from a situation and a policy to a plan. Pure; the same two give the same plan, to the last byte."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain

from headwater.deletion.flow import Flow
from headwater.deletion.judging import Judge
from headwater.deletion.plan import Cost, Plan, Rerun, Saving, Verdict
from headwater.deletion.policy import REBUILT, Policy
from headwater.deletion.reruns import Choice, choose, possible
from headwater.deletion.situation import Interval, Situation
from headwater.deletion.steps import Removal
from headwater.deletion.waves import Slot, arrange
from headwater.deletion.work import Work
from headwater.graph.model import Pointer, Run
from headwater.memory import collecting_rarely

_MOST_ALONE = 200_000


@collecting_rarely()
def plan(situation: Situation, policy: Policy) -> Plan:
    """Return what is to be done so that nothing live derives from the subjects any more.

    Each touched node gets the verdict of the first rule that fits it. Rerun are the makers of the states that the rules
    want rebuilt, and as few others as possible. Cost: nodes and edges, and the search for those others.
    """
    return _Planner(situation, policy).plan()


class _Planner:
    """First what the rules want, then what can be rerun for it, then what the rules say to the rest."""

    def __init__(self, situation: Situation, policy: Policy) -> None:
        self._situation = situation
        self._flow = Flow.of(situation)
        self._judge = Judge(situation, policy, self._flow)
        self._judged = {state.id: self._judge.state(state) for state in situation.states}
        self._wanted = self._rebuilt()
        self._unlearning = frozenset(self._unlearners())
        self._work = Work.of(self._judge, self._unlearning)
        self.choice, self._blocked = self._choose()

    def plan(self) -> Plan:
        """Put the plan together."""
        slots = arrange(self._work.problem, self.choice.runs)
        rerun = {self._work.runs[slot.run]: slot for slot in slots}
        verdicts = {verdict.node: verdict for verdict in self._verdicts(rerun)}
        reruns = tuple(self._rerun(slot, verdicts) for slot in slots)
        removal = Removal(self._judge, verdicts, reruns)
        return Plan(
            requests=tuple(target.request for target in self._situation.targets),
            policy=self._judge.policy.digest,
            situation=self._situation.digest,
            verdicts=tuple(verdicts[node] for node in self._situation.ids if node in verdicts),
            reruns=reruns,
            fewest=self.choice.fewest,
            steps=tuple(removal.steps()),
            cost=Cost.of(reruns),
            saving=self._saving(reruns),
            names=removal.names(),
            labels=tuple(sorted({label for target in self._situation.targets for label in target.labels})),
            erases=removal.erases,
            artifacts=removal.artifacts,
            chains=self._flow.chains,
        )

    def _rebuilt(self) -> dict[str, list[str]]:
        """Return the states that the rules want rebuilt, by maker."""
        found: dict[str, list[str]] = defaultdict(list)
        for state in self._situation.states:
            if self._judged[state.id].rule.verdict in REBUILT:
                found[state.run or ""].append(state.id)
        return found

    def _unlearners(self) -> Iterator[str]:
        """Yield the runs whose component forgets in place, where the rules want that."""
        for run, states in self._wanted.items():
            judged = [self._judged[state] for state in states]
            if any(one.facts.unlearns and one.rule.verdict == "unlearn" for one in judged):
                yield run

    def _choose(self) -> tuple[Choice, frozenset[str]]:
        """Return the reruns, and the runs that the rules want but nobody can make now."""
        number = self._work.number
        able = set(possible(self._work.problem, range(len(self._work.runs))))
        required = {number[run] for run in self._wanted if number.get(run) in able}
        blocked = frozenset(run for run in self._wanted if number.get(run) not in able)
        return choose(self._work.problem, required), blocked

    def _verdicts(self, rerun: Mapping[str, Slot]) -> Iterator[Verdict]:
        for state in self._situation.states:
            yield self._of_state(state)
        for run in self._situation.runs:
            if run.id in rerun or run.id in self._flow.reach or run.id in self._flow.before:
                yield self._of_run(run, is_rerun=run.id in rerun)

    def _of_state(self, state: Pointer) -> Verdict:
        (facts, rule), missing = self._judged[state.id], None
        if (state.run or "") in self._blocked:
            facts = facts._replace(blocked=True)
            rule, missing = self._judge.rule(facts), self._obstacle(state)
        if facts.missing:
            missing = self._judge.missing_of_state(state, self._judge.maker(state), live=facts.live)
        if facts.blocked and rule.verdict in REBUILT:
            return Verdict(state.id, "undetermined", rule.id, self._flow.sources(state), missing)
        if rule.verdict not in ("undetermined", "quarantine"):
            missing = None
        return Verdict(state.id, rule.verdict, rule.id, self._flow.sources(state), missing)

    def _obstacle(self, state: Pointer) -> str:
        """Return why the maker of a state cannot be rerun."""
        maker = self._judge.maker(state)
        if maker is None or not self._judge.can_rerun(maker):
            return f"run {state.run} cannot be made again"
        return f"run {state.run} reads what nobody can rebuild now"

    def _of_run(self, run: Run, *, is_rerun: bool) -> Verdict:
        rule = self._judge.run(run, is_rerun=is_rerun, unlearns=run.id in self._unlearning).rule
        missing = self._judge.missing_of_run(run) if rule.verdict == "undetermined" else None
        return Verdict(run.id, rule.verdict, rule.id, self._flow.sources(run), missing)

    def _rerun(self, slot: Slot, verdicts: Mapping[str, Verdict]) -> Rerun:
        runs = self._work.runs
        run = runs[slot.run]
        node = self._situation.nodes[run]
        assert isinstance(node, Run)
        wanted = self._wanted.get(run, ())
        kinds = [verdicts[state].verdict for state in wanted]
        unlearns = "unlearn" in kinds
        return Rerun(
            run=run,
            component=node.component,
            wave=slot.wave,
            verdict="unlearn" if unlearns else "regenerate",
            replaces=tuple(sorted([state for state, kind in zip(wanted, kinds, strict=True) if kind in REBUILT])),
            reads=tuple(sorted(self._reads(run, slot))),
            needs=tuple(sorted({runs[other] for other in slot.reads if other is not None})),
            took=self._took(node, unlearns=unlearns),
        )

    def _reads(self, run: str, slot: Slot) -> Iterable[tuple[str, str | None]]:
        work, needed, inputs = self._work, self._work.needed[slot.run], self._flow.inputs.get(run, ())
        found = [(state, work.stand_in(state, supplier)) for state, supplier in zip(needed, slot.reads, strict=True)]
        return found if len(needed) == len(inputs) else chain(found, self._left_out(inputs))

    def _left_out(self, inputs: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """Yield the inputs that are subjects, and those that stay and hold rows to be left out."""
        for state in inputs:
            if state in self._judge.subjects:
                yield state, None
            elif self._is_source(state):
                yield state, state

    def _is_source(self, state: str) -> bool:
        node = self._situation.nodes[state]
        return isinstance(node, Pointer) and node.run is None and self._judge.is_source(node)

    def _took(self, run: Run, *, unlearns: bool) -> Interval | None:
        """Return how long it takes: one shard of a model, unknown for what is unlearned in place."""
        stage = self._situation.stage(run)
        if stage.took is None or run.id in self._unlearning:
            return None
        if not (unlearns and stage.shards):
            return stage.took
        parts = stage.shards
        return Interval(stage.took.n, stage.took.median_s / parts, stage.took.p90_s / parts)

    def _saving(self, reruns: Sequence[Rerun]) -> Saving:
        requests = len(self._situation.targets)
        wanted = [self._requests(rerun) for rerun in reruns]
        own = Cost.of([rerun for rerun, count in zip(reruns, wanted, strict=True) if count == 1])
        if requests > 1 and self._has_additions and requests * len(self._situation.nodes) <= _MOST_ALONE:
            return replace(self._saving_one_by_one(), own=own)
        took = sum(n * rerun.took.median_s for rerun, n in zip(reruns, wanted, strict=True) if rerun.took)
        return Saving(requests, sum(wanted), took, own, is_exact=requests == 1 or not self._has_additions)

    @cached_property
    def _has_additions(self) -> bool:
        return any(self._work.runs[run] not in self._wanted for run in self.choice.runs)

    def _saving_one_by_one(self) -> Saving:
        alone = [_Planner(replace(self._situation, targets=(t,)), self._judge.policy) for t in self._situation.targets]
        took = (one._took_alone(run) for one in alone for run in one.choice.runs)
        reruns = sum(len(one.choice.runs) for one in alone)
        is_exact = all(one.choice.is_minimum for one in alone)
        return Saving(len(alone), reruns, sum(took), is_exact=is_exact)

    def _took_alone(self, run: int) -> float:
        node = self._situation.nodes[self._work.runs[run]]
        assert isinstance(node, Run)
        unlearns = any(self._judged[state].rule.verdict == "unlearn" for state in self._wanted.get(node.id, ()))
        took = self._took(node, unlearns=unlearns)
        return 0.0 if took is None else took.median_s

    def _requests(self, rerun: Rerun) -> int:
        """Return how many requests want this rerun."""
        bits = self._flow.reach.get(rerun.run, 0)
        for state in rerun.replaces:
            bits |= self._flow.reach[state]
        return self._flow.subjects.requests(bits)
