"""How deletions read: requests, plans, what is left to do, reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from headwater.cli.render import table
from headwater.cli.text import shown, when

if TYPE_CHECKING:
    from headwater.deletion.chain import Audit, Head
    from headwater.deletion.conducting import Outcome
    from headwater.deletion.ledger import Request
    from headwater.deletion.plan import Plan, Rerun
    from headwater.deletion.proving import Remaining
    from headwater.deletion.schedule import Schedule
    from headwater.deletion.verification import Verification

_ID = 12
_MEANS = {
    "delete": "goes: nobody current reads it",
    "regenerate": "is made again before it goes",
    "protected": "live endpoint or model: its replacement comes first",
    "unlearn": "its component forgets in place, or retrains one shard",
    "quarantine": "nobody can make it again yet",
    "keep": "proven or declared to hold nothing of the subjects",
    "undetermined": "a fact is missing: somebody has to decide",
}


def print_request(console: Console, found: Request) -> None:
    """Print what was requested."""
    due = f", due {found.due[:10]}" if found.due else ""
    console.print(Text(f"request {found.id} by {shown(found.by)}{due}"))
    console.print(Text("next: headwater forget plan", "dim"))


def print_requests(console: Console, found: Sequence[Request], head: Head) -> None:
    """Print the requests as a table, and the head of the register."""
    rows = [
        (one.id, one.status, one.at[:10], (one.due or "")[:10], one.by, (one.plan or "")[:_ID], one.reason)
        for one in found
    ]
    table(console, ("request", "status", "made", "due", "by", "plan", "reason"), rows, "no requests")
    console.print(Text(f"register: {head.seq:,} entries, head {head.digest or 'none'}", "dim"))


def print_plan(console: Console, plan: Plan, most: int) -> None:
    """Print what a plan does and why: the verdicts, the waves, what is live with its evidence, the cost."""
    title = f"plan {plan.digest[:_ID]} for {_many(len(set(plan.requests)), 'request')}"
    console.print(Text(title, "bold"))
    counted = Counter(verdict.verdict for verdict in plan.verdicts)
    table(console, ("verdict", ">nodes", "which means"), [(kind, n, _MEANS[kind]) for kind, n in counted.items()])
    print_waves(console, plan, most)
    _print_evidence(console, plan, most)
    for line in _cost(plan):
        console.print(line)
    console.print(Text(f"next: headwater forget approve {plan.digest[:_ID]}", "dim"))


def print_waves(console: Console, plan: Plan, most: int) -> None:
    """Print what is rerun, wave by wave."""
    if plan.reruns:
        console.print()
        rows = [(one.wave + 1, one.component or "run", one.run, _took(one), _some(one.replaces)) for one in plan.reruns]
        table(console, (">wave", "rerun", "of run", ">takes", "replaces"), rows[:most])
        _print_more(console, len(rows), most)


def _print_evidence(console: Console, plan: Plan, most: int) -> None:
    """Print why: for each live state, and for what nobody can decide, the chain from a subject."""
    found = [v for v in plan.verdicts if v.verdict not in ("delete", "keep") and "@" in v.node]
    if not found:
        return
    console.print()
    rows = [(v.verdict, v.rule, v.missing or _chain(plan.evidence(v.node))) for v in found]
    table(console, ("verdict", "rule", "because"), rows[:most])
    _print_more(console, len(rows), most)


def _cost(plan: Plan) -> Iterable[Text]:
    cost, saving = plan.cost, plan.saving
    fewest = "no fewer would do" if plan.is_minimum else f"at least {plan.fewest:,} are needed"
    yield Text(f"\n{_many(cost.reruns, 'rerun')} in {_many(len(plan.waves), 'wave')} ({fewest})")
    if cost.reruns:
        spans = f"{_seconds(cost.elapsed_median_s)} (median) to {_seconds(cost.elapsed_p90_s)} (90th percentile)"
        unknown = f"; {cost.without_history:,} have no history" if cost.without_history else ""
        yield Text(f"takes {spans}{unknown}")
    if saving.requests > 1:
        least = "" if saving.is_exact else "about "
        yield Text(f"one by one, {saving.requests:,} requests would take {least}{_many(saving.reruns_alone, 'rerun')}")
    names, labels = _many(len(plan.names), "name"), _many(len(plan.labels), "label")
    yield Text(f"erased: {_many(len(plan.erases), 'payload')}, {names}, {labels}; edges stay")


def print_schedule(console: Console, found: Schedule) -> None:
    """Print what a queue of requests costs at each time."""
    columns = ("start", "at (UTC)", "done by", ">requests", ">reruns", ">work", ">share of each", "late")
    rows = [
        (
            option.when,
            when(option.start),
            when(option.done),
            f"{len(found.requests) + option.further:.3g}",
            f"{option.reruns:.3g}",
            f"{_seconds(option.work_median_s)} to {_seconds(option.work_p90_s)}",
            f"{option.share:.3g} reruns",
            _some(option.late),
        )
        for option in found.options
    ]
    table(console, columns, rows)
    alone = f"one by one: {_many(found.reruns_alone, 'rerun')}, {_seconds(found.work_alone_median_s)}"
    console.print(Text(f"{alone}; {found.without_history:,} reruns have no history", "dim"))
    for assumed in found.assumptions:
        console.print(Text(f"assumed: {assumed}", "dim"))


def print_outcome(console: Console, found: Outcome) -> None:
    """Print what an execution came to."""
    if found.status == "dry run":
        rows = [(step["kind"], _wave(step["wave"]), _some(step["nodes"])) for step in found.steps]
        table(console, ("step", "wave", "with"), rows)
        for problem in found.problems:
            console.print(Text(f"in the way: {shown(problem)}", "yellow"))
        console.print(Text("nothing was done: --for-real does it", "dim"))
    else:
        is_done = found.status == "completed"
        console.print(Text("completed: verified from the graph" if is_done else "not completed", _style(is_done)))
        _print_remaining(console, found.remaining, len(found.remaining))
    if found.left:
        console.print(Text(f"nobody deletes the data of {_some(found.left)}: see `[[remove]]`", "yellow"))
    for request, salt in found.receipts.items():
        console.print(Text(f"receipt of {request}: {salt} (kept nowhere else: it recognises the subjects' hashes)"))
    console.print(Text(f"register: head {found.head.digest}", "dim"))


def print_verification(console: Console, found: Verification, most: int) -> None:
    """Print what the graph says of a request."""
    said = "nothing is left to do" if found.is_done else f"{_many(len(found.remaining), 'thing')} left to do"
    console.print(Text(f"request {found.request}: {said}", _style(found.is_done)))
    console.print(Text(f"{found.reached:,} nodes derive from its subjects; {found.live:,} of them are live states"))
    for proof in found.proofs[:most]:
        console.print(Text(f"proven: {shown(proof.state)} was made again alike as {shown(proof.same_as)}", "dim"))
    _print_remaining(console, found.remaining, most)


def _print_remaining(console: Console, found: Sequence[Remaining], most: int) -> None:
    if found:
        rows = [(one.do, one.node, one.why, _chain(one.evidence)) for one in found]
        table(console, ("do", "what", "why", "evidence"), rows[:most])
        _print_more(console, len(rows), most)


def print_report(console: Console, found: Mapping[str, Any]) -> None:
    """Print the report on a request."""
    request, plan, done = found["request"], found["plan"], found["execution"]
    console.print(Text(f"request {request['id']}: {request['status']}", "bold"))
    facts = [
        ("by", request["by"]),
        ("reason", request["reason"]),
        ("made", request["at"]),
        ("due", request["due"] or ""),
    ]
    facts += [("subjects", f"{len(request['subjects'])}, as salted hashes")]
    if plan is not None:
        counts = ", ".join(f"{kind} {n}" for kind, n in plan["counts"].items())
        facts += [("plan", plan["id"]), ("verdicts", counts), ("approved by", plan["approved_by"] or "nobody")]
        outcomes = Counter(done["removed"].values())
        facts += [("reruns", f"{len(done['reruns'])} of {len(plan['reruns'])}, {_seconds(done['took_s'])}")]
        facts += [("data", ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items())))]
    table(console, ("", "is"), facts)
    console.print()
    rows = [(one["at"][:19], one["kind"], one.get("step", one.get("code", "")), one["by"]) for one in found["history"]]
    table(console, ("at (UTC)", "what", "", "by"), rows)


def print_audit(console: Console, found: Audit) -> None:
    """Print what an audit found."""
    if found.is_intact:
        console.print(Text(f"intact: {found.entries:,} records, head {found.head.digest or 'none'}", "green"))
    else:
        console.print(Text(f"altered: record {found.altered}: {found.why}", "bold red"))


def _print_more(console: Console, count: int, most: int) -> None:
    if count > most:
        console.print(Text(f"{count - most:,} more: --lines, and --json has all", "dim"))


def _chain(nodes: Sequence[str]) -> str:
    few = nodes if len(nodes) <= 5 else (*nodes[:2], f"… {len(nodes) - 4} more", *nodes[-2:])  # noqa: PLR2004
    return " → ".join(few)


def _some(nodes: Sequence[str]) -> str:
    more = f" and {len(nodes) - 2:,} more" if len(nodes) > 2 else ""  # noqa: PLR2004
    return ", ".join(nodes[:2]) + more


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _took(rerun: Rerun) -> str:
    return "unknown" if rerun.took is None else f"{_seconds(rerun.took.median_s)} (n={rerun.took.n})"


def _seconds(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s"


def _wave(wave: int | None) -> str:
    return "" if wave is None else str(wave + 1)


def _style(is_good: bool) -> str:
    return "bold green" if is_good else "bold yellow"
