"""Planning: from a situation and a policy to a plan. Pure; the same two give the same plan, to the last byte."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from headwater.deletion.flow import Flow
from headwater.deletion.judging import Judge
from headwater.deletion.numbering import NOBODY
from headwater.deletion.plan import Cost, Plan, Rerun, Saving, Verdict
from headwater.deletion.policy import REBUILT, Policy
from headwater.deletion.reruns import Choice, choose, possible
from headwater.deletion.situation import Interval, Situation
from headwater.deletion.steps import Removal
from headwater.deletion.waves import Slot, arrange
from headwater.deletion.work import Work
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
        self._graph = situation.numbered
        self._flow = Flow.of(situation)
        self._judge = Judge(situation, policy, self._flow)
        self._judged = {state: self._judge.state(state) for state in self._graph.states}
        self._wanted = self._rebuilt()
        self._unlearning = frozenset(self._unlearners())
        self._work = Work.of(self._judge, self._unlearning)
        self.choice, self._blocked = self._choose()

    def plan(self) -> Plan:
        """Put the plan together."""
        slots = arrange(self._work.problem, self.choice.runs)
        verdicts = self._verdicts({self._work.runs[slot.run] for slot in slots})
        reruns = tuple([self._rerun(slot, verdicts) for slot in slots])
        removal = Removal(self._judge, verdicts, reruns)
        return Plan(
            requests=tuple(target.request for target in self._situation.targets),
            policy=self._judge.policy.digest,
            situation=self._situation.digest,
            verdicts=tuple([verdict for verdict in verdicts if verdict is not None]),
            reruns=reruns,
            fewest=self.choice.fewest,
            steps=tuple(removal.steps()),
            cost=Cost.of(reruns),
            saving=self._saving(reruns),
            names=removal.names(),
            labels=tuple(sorted({label for target in self._situation.targets for label in target.labels})),
            erases=removal.erases,
            artifacts=removal.artifacts,
            chains=self._flow.evidence,
        )

    def _rebuilt(self) -> dict[int, list[int]]:
        """Return the states that the rules want rebuilt, by maker; NOBODY made some."""
        found: dict[int, list[int]] = defaultdict(list)
        for state, judged in self._judged.items():
            if judged.rule.verdict in REBUILT:
                found[self._graph.maker[state]].append(state)
        return found

    def _unlearners(self) -> Iterator[int]:
        """Yield the runs whose component forgets in place, where the rules want that."""
        for run, states in self._wanted.items():
            judged = [self._judged[state] for state in states]
            if any(one.facts.unlearns and one.rule.verdict == "unlearn" for one in judged):
                yield run

    def _choose(self) -> tuple[Choice, frozenset[int]]:
        """Return the reruns, and the runs that the rules want but nobody can make now."""
        place = {run: NOBODY if run == NOBODY else self._work.place[run] for run in self._wanted}
        able = set(possible(self._work.problem, range(len(self._work.runs))))
        required = {here for here in place.values() if here in able}
        return choose(self._work.problem, required), frozenset(run for run, here in place.items() if here not in able)

    def _verdicts(self, rerun: Collection[int]) -> list[Verdict | None]:
        """Return the verdict on each node; None on makers that are only there to be rerun, and are not."""
        found: list[Verdict | None] = [None] * len(self._graph.ids)
        for state in self._graph.states:
            found[state] = self._of_state(state)
        reach, before = self._flow.reach, self._flow.before
        for run in self._graph.runs:
            is_rerun = run in rerun
            if is_rerun or reach[run] or before[run] != NOBODY:
                found[run] = self._of_run(run, is_rerun=is_rerun)
        return found

    def _of_state(self, state: int) -> Verdict:
        (facts, rule), missing, ident = self._judged[state], None, self._graph.ids[state]
        if self._graph.maker[state] in self._blocked:
            facts = facts._replace(blocked=True)
            rule, missing = self._judge.rule(facts), self._obstacle(state)
        if facts.missing:
            missing = self._judge.missing_of_state(state, live=facts.live)
        if facts.blocked and rule.verdict in REBUILT:
            return Verdict(ident, "undetermined", rule.id, self._flow.sources(state), missing)
        if rule.verdict not in ("undetermined", "quarantine"):
            missing = None
        return Verdict(ident, rule.verdict, rule.id, self._flow.sources(state), missing)

    def _obstacle(self, state: int) -> str:
        """Return why the maker of a state cannot be rerun."""
        maker, run = self._graph.maker[state], self._graph.state(state).run
        if maker == NOBODY or not self._judge.can_rerun(maker):
            return f"run {run} cannot be made again"
        return f"run {run} reads what nobody can rebuild now"

    def _of_run(self, run: int, *, is_rerun: bool) -> Verdict:
        rule = self._judge.run(run, is_rerun=is_rerun, unlearns=run in self._unlearning).rule
        missing = self._judge.missing_of_run(run) if rule.verdict == "undetermined" else None
        return Verdict(self._graph.ids[run], rule.verdict, rule.id, self._flow.sources(run), missing)

    def _rerun(self, slot: Slot, verdicts: Sequence[Verdict | None]) -> Rerun:
        runs, ids = self._work.runs, self._graph.ids
        run = runs[slot.run]
        kinds = [(state, found.verdict) for state in self._wanted.get(run, ()) if (found := verdicts[state])]
        unlearns = any(kind == "unlearn" for _, kind in kinds)
        return Rerun(
            run=ids[run],
            component=self._graph.run(run).component,
            wave=slot.wave,
            verdict="unlearn" if unlearns else "regenerate",
            replaces=tuple([ids[state] for state, kind in kinds if kind in REBUILT]),
            reads=tuple(self._reads(run, slot)),
            needs=tuple([ids[runs[other]] for other in self._suppliers(slot)]),
            took=self._took(run, unlearns=unlearns),
        )

    def _suppliers(self, slot: Slot) -> list[int]:
        """Return the reruns whose output a rerun reads, by id."""
        found = {other for other in slot.reads if other is not None}
        return sorted(found, key=self._work.runs.__getitem__) if len(found) > 1 else list(found)

    def _reads(self, run: int, slot: Slot) -> list[tuple[str, str | None]]:
        work, ids, inputs = self._work, self._graph.ids, self._graph.inputs[run]
        needed = work.needed[slot.run]
        found: list[tuple[str, str | None]]
        found = [(ids[s], work.stand_in(s, supplier)) for s, supplier in zip(needed, slot.reads, strict=True)]
        return found if len(needed) == len(inputs) else sorted([*found, *self._left_out(inputs)])

    def _left_out(self, inputs: Iterable[int]) -> Iterator[tuple[str, str | None]]:
        """Yield the inputs that are subjects, and those that stay and hold rows to be left out."""
        for state in inputs:
            ident = self._graph.ids[state]
            if state in self._judge.subjects:
                yield ident, None
            elif self._judge.is_source(state):
                yield ident, ident

    def _took(self, number: int, *, unlearns: bool) -> Interval | None:
        """Return how long it takes: one shard of a model, unknown for what is unlearned in place."""
        stage = self._situation.stage(self._graph.run(number))
        if stage.took is None or number in self._unlearning:
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

    def _took_alone(self, place: int) -> float:
        run = self._work.runs[place]
        unlearns = any(self._judged[state].rule.verdict == "unlearn" for state in self._wanted.get(run, ()))
        took = self._took(run, unlearns=unlearns)
        return 0.0 if took is None else took.median_s

    def _requests(self, rerun: Rerun) -> int:
        """Return how many requests want this rerun."""
        number, reach = self._graph.number, self._flow.reach
        bits = reach[number[rerun.run]]
        for state in rerun.replaces:
            bits |= reach[number[state]]
        return self._flow.subjects.requests(bits)
