"""From a plan to the facts that erase: payloads, names that identify, labels. And what things are called after them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from headwater.deletion.plan import Plan
from headwater.deletion.policy import Policy
from headwater.deletion.situation import Target
from headwater.graph.erasure import Erasure, pseudonym
from headwater.graph.redaction import Redaction

_PSEUDONYM = re.compile("erased-[0-9a-f]{12}")


def erasures(plan: Plan, policy: Policy, salt: str, at: datetime) -> list[Erasure]:
    """Return the facts that erase what the plan names; made again from the same arguments, they are the same."""
    request = reason(plan)
    payloads = [Erasure.of_payload(node, request, at) for node in plan.erases]
    names = [
        Erasure.of_name(name, replacement(name, policy, salt), request, salt, at) for name in names_left(plan, policy)
    ]
    labels = [Erasure.of_label(key, value, request, salt, at) for key, value in plan.labels]
    return [*payloads, *names, *labels]


def names_left(plan: Plan, policy: Policy) -> list[str]:
    """Return the names in which something still identifies: those that were rewritten before are left as they are."""
    return [name for name in plan.names if not _PSEUDONYM.fullmatch(policy.identifying(name) or name)]


def reason(plan: Plan) -> str:
    """Return for what an erasure is said to be done: the request, or the plan of several."""
    return plan.requests[0] if len(plan.requests) == 1 else f"plan {plan.digest[:12]}"


def replacement(name: str, policy: Policy, salt: str) -> str:
    """Return what a name is called once the part that identifies is gone; the whole name where none is known."""
    part = policy.identifying(name)
    return pseudonym(salt, name) if part is None else policy.renamed(name, pseudonym(salt, part))


def renamed(targets: Iterable[Target], redaction: Redaction) -> list[Target]:
    """Return what is looked for once names are rewritten: the same states, under their new ids."""
    return [Target(one.request, tuple(redaction.target(state) for state in one.states)) for one in targets]


def plain_texts(plan: Plan, policy: Policy) -> Sequence[str]:
    """Return the texts that identify, as they stood in names and labels."""
    names = names_left(plan, policy)
    parts = {policy.identifying(name) or name for name in names}
    return sorted({*parts, *names, *(value for _, value in plan.labels)})
