"""The commands for deletion requests: what derives from a subject, what is rerun before it goes, and the proof."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from headwater.cli import forgotten
from headwater.cli.artifacts import opened_artifacts
from headwater.cli.context import Json, instant, opened, options, show, store_url, user
from headwater.cli.text import shown
from headwater.errors import UsageError
from headwater.sdk.recording import spool_folder
from headwater.settings import load_settings

if TYPE_CHECKING:
    from headwater.deletion import Deletions
    from headwater.deletion.plan import Plan

forget = typer.Typer(
    help="Deletion requests: plan, replace what is live, delete, prove.", no_args_is_help=True, rich_markup_mode=None
)

Subjects = Annotated[
    list[str], typer.Argument(metavar="SUBJECT...", help="NAME, NAME@RUN, NAME@external, DIGEST, a glob, KEY=VALUE.")
]
Requests = Annotated[list[str] | None, typer.Argument(metavar="REQUEST...", help="Default: all open requests.")]
OneRequest = Annotated[str | None, typer.Argument(metavar="REQUEST", help="Default: the newest request.")]
OnePlan = Annotated[str | None, typer.Argument(metavar="PLAN", help="Default: the newest plan.")]
By = Annotated[str | None, typer.Option(help="Who does it; default: the user of this machine.")]
Config = Annotated[
    Path | None, typer.Option(help="Who reruns and deletes what; wins over HEADWATER_FORGET, .headwater/forget.toml.")
]
Lines = Annotated[int, typer.Option(min=1, help="How many lines of each table to show.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(forget, name="forget")


@contextmanager
def _deletions(config: Path | None = None) -> Iterator[Deletions]:
    # Every other command would wait for what only these need.
    from headwater.deletion import Deletions
    from headwater.deletion.configuration import load_configuration
    from headwater.deletion.purging import Artifacts

    found = load_configuration(config or load_settings().forget)
    with opened() as lineage:
        spool = spool_folder(store_url())
        purge = Artifacts(lineage.store, opened_artifacts(), spool)
        yield Deletions.configured(lineage, found, purge=purge, spool=spool)


def _who(by: str | None) -> str:
    found = by or user()
    if not found:
        raise UsageError("this machine's user has no name", hint="pass --by NAME")
    return found


@forget.command("request")
def request(
    subject: Subjects,
    reason: Annotated[str, typer.Option(help="Why, without naming the subject: a ticket.")],
    due: Annotated[str | None, typer.Option(help="By when it must be done.")] = None,
    law: Annotated[str | None, typer.Option(help="Due as this law says: gdpr, ccpa, or one of your policy.")] = None,
    by: By = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask for subjects to be forgotten: names, states, contents, patterns or labels."""
    with _deletions(config) as deletions:
        found = deletions.request(subject, by=_who(by), reason=reason, due=instant(due, "--due"), law=law)
    show({"request": found.to_dict()}, as_json, lambda to: forgotten.print_request(to, found))


@forget.command("list")
def list_requests(
    is_open: Annotated[bool, typer.Option("--open", help="Only those for which something is to be done.")] = False,
    as_json: Json = False,
) -> None:
    """List the requests, oldest first, and how far each is."""
    with _deletions() as deletions:
        found, head = deletions.requests(is_open=is_open), deletions.head
    document = {"requests": [one.to_dict() for one in found], "head": head.to_dict()}
    show(document, as_json, lambda to: forgotten.print_requests(to, found, head))


@forget.command("withdraw")
def withdraw(
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="The id, or its beginning.")],
    reason: Annotated[str, typer.Option(help="Why, without naming the subject.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take a request back; what was kept of it is forgotten."""
    with _deletions() as deletions:
        found = deletions.withdraw(request, by=_who(by), reason=reason)
    show({"request": found.to_dict()}, as_json, lambda to: to.print(Text(f"withdrawn {found.id}")))


@forget.command("plan")
def plan(
    request: Requests = None, by: By = None, config: Config = None, lines: Lines = 20, as_json: Json = False
) -> None:
    """Make one plan for requests: what goes, what is rerun first, in which order, at what cost, and why."""
    with _deletions(config) as deletions:
        found = deletions.plan(request or (), by=_who(by))
    _show_plan(found, as_json, lines)


@forget.command("schedule")
def schedule(
    request: Requests = None,
    law: Annotated[str, typer.Option(help="Whose term counts for requests without a due time.")] = "gdpr",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell what the requests cost together: now, tonight, and as late as they may be done."""
    with _deletions(config) as deletions:
        found = deletions.schedule(request or (), law=law)
    show(found.to_dict(), as_json, lambda to: forgotten.print_schedule(to, found))


@forget.command("show")
def show_plan(plan: OnePlan = None, lines: Lines = 20, as_json: Json = False) -> None:
    """Show a plan again, for whoever is to approve it."""
    with _deletions() as deletions:
        found = deletions.planned(plan)
    _show_plan(found, as_json, lines)


def _show_plan(found: Plan, as_json: bool, lines: int) -> None:
    from headwater.deletion.reporting import plan_document

    show(plan_document(found), as_json, lambda to: forgotten.print_plan(to, found, lines))


@forget.command("approve")
def approve(plan: OnePlan = None, by: By = None, config: Config = None, as_json: Json = False) -> None:
    """Approve a plan."""
    with _deletions(config) as deletions:
        found = deletions.approve(plan, by=_who(by))
    text = f"plan {found.id[:12]} is approved by {found.approved_by}"
    show({"plan": found.to_dict()}, as_json, lambda to: to.print(Text(shown(text))))


@forget.command("execute")
def execute(
    plan: OnePlan = None,
    dry_run: Annotated[bool, typer.Option("--dry-run/--for-real", help="Only tell what would be done.")] = True,
    take_over: Annotated[bool, typer.Option("--take-over", help="The process that executes it is gone.")] = False,
    by: By = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Do what an approved plan says, going on where an earlier execution ended; exits 1 while anything is left."""
    with _deletions(config) as deletions:
        tell = _telling(as_json)
        found = deletions.execute(plan, by=_who(by), dry_run=dry_run, take_over=take_over, tell=tell)
    show(found.to_dict(), as_json, lambda to: forgotten.print_outcome(to, found))
    if found.problems or found.status == "remaining":
        raise typer.Exit(1)


def _telling(as_json: bool) -> Callable[[str], None]:
    if as_json or options.json:
        return lambda _: None
    stderr = Console(stderr=True, highlight=False)
    return lambda text: stderr.print(Text(shown(text), "dim"), soft_wrap=True)


@forget.command("verify")
def verify(request: OneRequest = None, config: Config = None, lines: Lines = 20, as_json: Json = False) -> None:
    """Show from the graph what is still to do for a request; exits 1 while anything is."""
    with _deletions(config) as deletions:
        found = deletions.verify(request)
    show(found.to_dict(), as_json, lambda to: forgotten.print_verification(to, found, lines))
    if not found.is_done:
        raise typer.Exit(1)


@forget.command("report")
def report(request: OneRequest = None, config: Config = None, as_json: Json = False) -> None:
    """Tell what was asked, planned, approved and done for a request, by whom and when."""
    with _deletions(config) as deletions:
        found = deletions.report(request)
    show(found, as_json, lambda to: forgotten.print_report(to, found))


@forget.command("export")
def export(
    to: Annotated[Path | None, typer.Option(help="The file to write; without it the standard output.")] = None,
) -> None:
    """Write the register, a hash chain, as lines of JSON for an audit."""
    with _deletions() as deletions:
        lines = "".join(deletions.export())
    if to is None:
        sys.stdout.write(lines)
        return
    try:
        to.write_text(lines, encoding="utf-8", newline="")
    except OSError as exc:
        raise UsageError(f"{to} cannot be written: {exc.strerror}", hint="name another file") from exc


@forget.command("audit")
def audit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `forget export` wrote.")],
    head: Annotated[str | None, typer.Option(help="The digest of an entry that was noted down before.")] = None,
    as_json: Json = False,
) -> None:
    """Check an exported register without the store; name the first altered record and exit 1 if there is one."""
    from headwater.deletion import audited

    try:
        content = file.read_bytes()
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from exc
    found = audited(content, head)
    document: dict[str, Any] = found.to_dict()
    show(document, as_json, lambda to: forgotten.print_audit(to, found))
    if not found.is_intact:
        raise typer.Exit(1)
