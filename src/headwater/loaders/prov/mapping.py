"""What a gathered PROV document comes to: activities are runs, an entity is one state of a pointer.

An entity is bound to by the activity that generated it, never by time, unless the document does not say who did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from headwater import clock, ids
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.values import JSON
from headwater.loaders.prov.account import Account, Deed, plain
from headwater.loaders.prov.names import is_own, own, pointer_name

_UNSTATED = "prov:Activity"


def settle(account: Account) -> None:
    """Add what the relations between two entities, or two activities, say of activities."""
    for later, _, activity in account.derivations:
        if activity is not None:
            account.generate(account.deed(activity), later)
    for entity, at in account.generations_by_nobody:
        if not account.makers(entity):
            account.generate(account.unstated("prov:wasGeneratedBy", entity), entity, at)
    for later, earlier, activity in account.derivations:
        _derive(account, later, earlier, activity)
    for informed, informant in account.communications:
        _inform(account, account.deed(informed), account.deed(informant))
    for deed in account.deeds.values():
        if deed.started_at and deed.ended_at and deed.ended_at < deed.started_at:
            account.contradictions.append((deed.iri, "it ends before it starts: neither time is kept"))
            deed.started_at = deed.ended_at = None


def _derive(account: Account, later: str, earlier: str, activity: str | None) -> None:
    """The activity that made the later entity used the earlier one; where there is none, a run stands for it."""
    makers = account.makers(later) if activity is None else [account.deed(activity)]
    for deed in makers or [account.unstated("prov:wasDerivedFrom", later)]:
        account.generate(deed, later)
        account.use(deed, earlier)


def _inform(account: Account, informed: Deed, informant: Deed) -> None:
    """What passed between two activities is one pointer, unless the document names an entity that did."""
    if not informant.generated & informed.uses.keys():
        passed = f"prov:wasInformedBy/{informant.run}/{informed.run}"
        account.generate(informant, passed)
        account.use(informed, passed)


def run_fact(account: Account, deed: Deed) -> RunFact:
    """Return the fact of one activity. Raises InvalidFact for what no store keeps."""
    inferred: dict[str, JSON] = {} if deed.is_stated else {"prov:inferred": True}
    stage = min(deed.plans, default=None) or min(deed.types, default=None) or _UNSTATED
    return RunFact(
        deed.run,
        None if is_own(deed.iri) else stage,
        None if is_own(deed.iri) else Status.COMPLETED,
        deed.started_at,
        deed.ended_at,
        tuple(claim for entity in sorted(deed.uses) for claim in _claims(account, deed, entity)),
        tuple(_output(account, deed, entity) for entity in sorted(deed.generated)),
        at=deed.ended_at or deed.started_at or max(deed.known, default=clock.EPOCH),
        facets={**_kept(account, deed.iri), **inferred},
    )


def _claims(account: Account, deed: Deed, entity: str) -> Iterator[Input]:
    """One claim for each time at which the activity used the entity, of each state that this may have been."""
    name = pointer_name(entity)
    makers = [ids.state_id(name, maker.run) for maker in account.makers(entity)]
    told = {**({} if makers else _kept(account, entity)), **plain(deed.told[entity])}
    times: Sequence[datetime | None] = sorted(deed.uses[entity]) or (None,)
    states: Sequence[str | None] = makers or (own(entity, "state"),)
    for at in times:
        for state in states:
            yield Input(name, at, state=state, facets=told)


def _output(account: Account, deed: Deed, entity: str) -> Output:
    return Output(pointer_name(entity), facets={**_kept(account, entity), **plain(deed.told[entity])})


def _kept(account: Account, iri: str) -> dict[str, JSON]:
    """What is kept of a thing; where it speaks of agents, with what is kept of those."""
    found = plain(account.kept.get(iri, {}))
    agents = {agent for key in found for agent in _agents(found[key]) if agent in account.kept and agent != iri}
    about: dict[str, JSON] = {agent: plain(account.kept[agent]) for agent in sorted(agents)}
    return {**found, **({"prov:agent": about} if about else {})}


def _agents(said: JSON) -> Iterator[str]:
    for one in said if isinstance(said, (list, tuple)) else (said,):
        agent = one.get("agent") if isinstance(one, dict) else None
        if isinstance(agent, str):
            yield agent


def unused(account: Account) -> Iterator[str]:
    """Give the IRIs of the things that no fact keeps: nothing made or used them, and no relation led to them."""
    reached = set(account.deeds)
    for deed in account.deeds.values():
        reached |= deed.generated | deed.uses.keys()
    for iri in [*reached]:
        reached.update(agent for said in plain(account.kept.get(iri, {})).values() for agent in _agents(said))
    yield from sorted(account.kept.keys() - reached)
