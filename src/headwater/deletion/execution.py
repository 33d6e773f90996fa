"""Doing what a plan says: replace what is live, then delete. Every step is durable before the next one begins.

A crash at any moment loses nothing: the next execution goes on where this one was. What fails stops it, and as long as
not everything live has its replacement nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from headwater import clock
from headwater.deletion.differences import Marks, differences
from headwater.deletion.erasing import erasures, plain_texts, renamed
from headwater.deletion.ledger import Ledger
from headwater.deletion.plan import Plan, Step
from headwater.deletion.policy import Policy
from headwater.deletion.proving import Judgement, judge
from headwater.deletion.rebuilding import Rebuilder
from headwater.deletion.register import Register
from headwater.deletion.removers import Outcome, Removal, Removers
from headwater.deletion.rerunners import Rerunners
from headwater.deletion.situation import Target
from headwater.deletion.spools import scrub_spool
from headwater.deletion.vault import Vault
from headwater.errors import ExecutionUnderWay, PlanOutdated, StillReached
from headwater.graph.facts import Annotation
from headwater.graph.model import Pointer
from headwater.graph.redaction import Redaction
from headwater.graph.store import DeletionStore

QUARANTINED = "quarantined"
_MOVED = ("registered", "pinned")
_SOME = 3


class Purge(Protocol):
    """Takes contents out of a store of artifacts."""

    def __call__(self, digests: Sequence[str], erased: Container[str], /) -> Mapping[str, str]:
        """Return what became of each digest; content that a state needs which is not `erased` (ids) stays."""
        ...


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The states that are erased, for this request or an earlier one."""

    store: DeletionStore

    def __contains__(self, state: object) -> bool:
        """Whether a state is erased; one question to the store."""
        node = self.store.sources([str(state)]).nodes.get(str(state))
        return node is not None and node.erased is not None


@dataclass(frozen=True, slots=True)
class Means:
    """With what a plan is executed: who reruns and removes what, and where facts wait on disk."""

    rerunners: Rerunners = field(default_factory=Rerunners)
    removers: Removers = field(default_factory=Removers)
    purge: Purge | None = None
    spool: Path | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What is executed: a plan with what its subjects meant and what the graph said when it was made, and by whom."""

    execution: str
    plan: Plan
    policy: Policy
    targets: Sequence[Target]
    marks: Marks
    by: str


class Execution:
    """One attempt to execute a plan, which goes on behind the attempts before."""

    def __init__(
        self, store: DeletionStore, register: Register, order: Order, means: Means, tell: Callable[[str], None]
    ) -> None:
        self._store, self._register, self._order, self._means, self._tell = store, register, order, means, tell
        self._vault = Vault(store, order.plan.digest)
        plain = plain_texts(order.plan, order.policy)
        self._rebuilder = Rebuilder(store, means.rerunners, order.plan, self._vault, order.by, plain)
        self._left = 0, order.plan
        self._done: set[str] = set(self._vault.get("done") or ())
        self.removed: dict[str, Outcome] = dict(self._vault.get("removed") or {})
        self.purged: dict[str, str] = dict(self._vault.get("purged") or {})

    @property
    def plan(self) -> Plan:
        """What is left of the plan behind what was rebuilt unchanged."""
        unchanged = self._rebuilder.unchanged
        if len(unchanged) != self._left[0]:
            self._left = len(unchanged), self._order.plan.after(unchanged)
        return self._left[1]

    @property
    def order(self) -> Order:
        """What is executed."""
        return self._order

    @property
    def rebuilder(self) -> Rebuilder:
        """What was rerun."""
        return self._rebuilder

    @property
    def redaction(self) -> Redaction:
        """What things are called once all is erased."""
        return Redaction(self._erasures())

    def run(self) -> Judgement:
        """Do all that is left, and return what the graph says then; raises DeletionStopped, PlanOutdated."""
        if "erase" not in self._done:
            # Others may have written since; nothing that cannot be undone begins without a look.
            self._done.discard("swap")
        for step in self._order.plan.steps:
            if step.kind == "quarantine":
                self._once("quarantine", lambda step=step: self._quarantine(step))  # type: ignore[misc]
            if step.kind == "rebuild":
                self._once(f"wave {(step.wave or 0) + 1}", lambda step=step: self._rebuild(step))  # type: ignore[misc]
        self._once("swap", self._swap)
        self._once("delete", lambda: self._remove("delete"))
        self._once("source", lambda: self._remove("source"))
        self._once("erase", self._erase)
        self._once("purge", self._purge)
        self._once("scrub", self._scrub)
        return self.look()

    def look(self) -> Judgement:
        """Return what the graph says of the subjects now, whatever they are called by then."""
        after = [Target(one["request"], tuple(one["states"])) for one in self._vault.get("renamed") or ()]
        return judge(self._store, [*self._order.targets, *after] if after else self._order.targets, self._order.policy)

    def _once(self, name: str, do: Callable[[], int]) -> None:
        """Do a step unless it is done, and enter it in the register; a step that stops is done again."""
        if name in self._done:
            return
        self._still_mine(self._register.read(), {})
        self._tell(name)
        count = do()
        said = {"plan": self._order.plan.digest, "execution": self._order.execution, "step": name, "count": count}
        self._register.enter("step", self._order.by, lambda ledger: self._still_mine(ledger, said))
        self._done.add(name)
        self._vault.put("done", sorted(self._done))

    def _still_mine(self, ledger: Ledger, said: Mapping[str, Any]) -> Mapping[str, Any]:
        if ledger.plans[self._order.plan.digest].execution != self._order.execution:
            raise ExecutionUnderWay("another execution has taken this plan over")
        return said

    def _quarantine(self, step: Step) -> int:
        why = f"deletion plan {self._order.plan.digest[:12]}"
        value = self._order.plan.digest[:12]
        notes = [Annotation(node, "label", value, QUARANTINED, self._order.by, why, clock.now()) for node in step.nodes]
        self._store.record(notes)
        return len(notes)

    def _rebuild(self, step: Step) -> int:
        """Rerun a wave, then look whether anything went wrong with it."""
        for rerun in self._order.plan.reruns:
            if rerun.wave != step.wave:
                continue
            if rerun.run not in {one.run for one in self.plan.reruns} and rerun.run not in self._rebuilder.done:
                continue
            self._tell(f"  rerun {rerun.component} {rerun.run}")
            self._rebuilder.rebuild(rerun)
        self._check_alone(judge(self._store, self._order.targets, self._order.policy))
        return len(self._rebuilder.done)

    def _check_alone(self, found: Judgement) -> None:
        """Raise unless the graph is as the plan saw it but for what was rerun, free of the subjects."""
        own = self._rebuilder.own
        if reached := sorted(own & found.situation.nodes.keys() & found.reach.keys()):
            chain = " -> ".join(found.plan.evidence(reached[0])) if reached[0] in found.plan.by_node else reached[0]
            hint = "its rerunner must leave out what it was told to, and say so by the labels of its inputs"
            raise StillReached(f"run {reached[0]} was made again and still reads the subject: {chain}", hint=hint)
        if changed := differences(self._order.marks, found.situation, own):
            told = "; ".join(f"{one.node} {one.what}" for one in changed[:_SOME])
            more = f" and {len(changed) - _SOME} more" if len(changed) > _SOME else ""
            raise PlanOutdated(f"others have changed what the plan is about: {told}{more}")

    def _swap(self) -> int:
        """Hand the labels of what is live over to its replacement, and see that nothing live is left behind."""
        plan, moved = self.plan, list(self._moved())
        self._store.record(moved)
        found = judge(self._store, self._order.targets, self._order.policy)
        self._check_alone(found)
        if found.plan.reruns:
            left = found.remaining()[0]
            raise StillReached(f"{left.node} still has to be made again: {left.why}")
        return len(plan.reruns)

    def _moved(self) -> Iterator[Annotation]:
        for rerun in self.plan.reruns:
            new = {state.name: state.id for state in self._store.run(self._rebuilder.done[rerun.run].run).outputs}
            for state in self._store.run(rerun.run).outputs:
                for key in _MOVED:
                    if state.id in rerun.replaces and key in state.labels:
                        yield self._label(new[state.name], key, state.labels[key])
                        yield self._label(state.id, key, None)

    def _label(self, state: str, key: str, value: str | None) -> Annotation:
        return Annotation(state, "label", value, key, self._order.by, "replaced for a deletion", clock.now())

    def _remove(self, kind: str) -> int:
        """Delete the data of the states of a step, in its order."""
        nodes = [node for step in self.plan.steps if step.kind == kind for node in step.nodes]
        if not self._means.removers.known:
            self.removed.update(dict.fromkeys(nodes, "left"))
        else:
            self._ask_removers(nodes)
        self._vault.put("removed", self.removed)
        return sum(self.removed[node] == "removed" for node in nodes)

    def _ask_removers(self, nodes: Sequence[str]) -> None:
        found = judge(self._store, self._order.targets, self._order.policy)
        newest = self._newest(found)
        try:
            for node in nodes:
                state = found.situation.nodes.get(node)
                if isinstance(state, Pointer) and node not in self.removed:
                    now = newest.get(state.name)
                    other = None if now is None or now.id == state.id else now
                    self.removed[node] = self._means.removers.remove(Removal(state, other, found.rows_of(state)))
        finally:
            self._vault.put("removed", self.removed)

    def _newest(self, found: Judgement) -> Mapping[str, Pointer]:
        """Return what each name stands for now."""
        states = [name.newest.state for name in found.situation.names.values()]
        nodes = self._store.sources(states).nodes.values() if states else ()
        return {node.name: node for node in nodes if isinstance(node, Pointer)}

    def _erase(self) -> int:
        """Record the facts that erase, all at once. What things are called then is kept first."""
        facts = self._erasures()
        redaction = Redaction(facts)
        after = renamed(self._order.targets, redaction)
        for one in after:
            Vault(self._store, one.request).put("renamed", list(one.states))
        self._vault.put("renamed", [{"request": one.request, "states": list(one.states)} for one in after])
        self._store.record(facts)
        return len(facts)

    def _erasures(self) -> list[Any]:
        at = self._vault.get("erased_at")
        if at is None:
            at = clock.isoformat(clock.now())
            self._vault.put("erased_at", at)
        return erasures(self.plan, self._order.policy, self._store.salt(), datetime.fromisoformat(at))

    def _purge(self) -> int:
        digests = [digest for digest, _ in self.plan.artifacts]
        if self._means.purge is not None and digests:
            self.purged = dict(self._means.purge(digests, Tombstones(self._store)))
            self._vault.put("purged", self.purged)
        return len(self.purged)

    def _scrub(self) -> int:
        """Take what was erased out of the files: those of the store, and of facts that wait for it."""
        changed = 0
        if self._means.spool is not None:
            plain = plain_texts(self.plan, self._order.policy)
            changed = scrub_spool(self._means.spool, self.redaction, plain)
        self._store.scrub()
        return changed


@contextmanager
def entered(register: Register, order: Order) -> Iterator[None]:
    """Enter in the register that an execution has stopped, whatever stopped it; its words stay out of it."""
    try:
        yield
    except BaseException as exc:
        code = getattr(exc, "code", "interrupted" if not isinstance(exc, Exception) else "error")
        said = {"plan": order.plan.digest, "execution": order.execution, "code": code}

        def stop(ledger: Ledger) -> Mapping[str, Any]:
            if ledger.plans[order.plan.digest].execution != order.execution:
                raise ExecutionUnderWay
            return said

        with suppress(ExecutionUnderWay):
            register.enter("stop", order.by, stop)
        raise
