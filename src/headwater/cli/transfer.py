"""The commands that bring lineage in from other tools, and give it to them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from headwater.cli import render
from headwater.cli.context import Json, opened, show, store_url
from headwater.cli.text import shown
from headwater.errors import UsageError
from headwater.loaders.base import Loader
from headwater.loaders.exporting import Exported, Exporter, export_kinds, exporter
from headwater.loaders.importing import Report, import_source
from headwater.loaders.kinds import Kind
from headwater.loaders.registry import kinds, loader

CHECKPOINTS = Path(".headwater/imports")

Option = Annotated[
    list[str] | None, typer.Option("--option", "-o", metavar="NAME=VALUE", help="An option of the kind.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("import")(import_)
    app.command("export")(export)


def import_(
    kind: Annotated[str, typer.Argument(help="What the source is; without it the kinds are listed.")] = "",
    source: Annotated[str, typer.Argument(help="A file, a folder, a URL: what the kind reads.")] = "",
    option: Option = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and count, write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad record.")] = False,
    as_json: Json = False,
) -> None:
    """Bring in lineage that other tools recorded; importing again changes nothing, an interrupted import goes on."""
    if not kind:
        _list("reads", kinds(), as_json)
        return
    if not source:
        raise UsageError(f"nothing to import {kind!r} from", hint="headwater import KIND SOURCE")
    reader = loader(kind, dict(map(_pair, option or [])))
    with _progress(reader, source) as progress:
        if dry_run:
            report = import_source(None, reader, source, is_strict=strict, progress=progress)
        else:
            mark = CHECKPOINTS / f"{_place(kind, source, option or [])}.json"
            with opened() as to:
                report = import_source(to.store, reader, source, is_strict=strict, checkpoint=mark, progress=progress)
    show(report.to_dict(), as_json, lambda to: _print_report(to, report))


def export(
    kind: Annotated[str, typer.Argument(help="The format; without it the kinds are listed.")] = "",
    trace: Annotated[list[str] | None, typer.Option(help="Only what this output derives from.")] = None,
    impact: Annotated[list[str] | None, typer.Option(help="Only what derives from this input.")] = None,
    to: Annotated[Path | None, typer.Option(help="The file to write; without it the standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Write the whole graph, or a trace or impact, in a format that other tools read."""
    if not kind:
        _list("writes", export_kinds(), as_json)
        return
    if trace and impact:
        raise UsageError("both --trace and --impact", hint="export one at a time")
    writer = exporter(kind)
    with opened() as lineage:
        answer = lineage.trace(trace) if trace else lineage.impact(impact) if impact else None
        what = Exported(lineage.store, answer)
        if to is None:
            writer.write(what, sys.stdout)
            return
        _write_whole(writer, what, to)
    found = {"kind": kind, "file": str(to), "loss": writer.loss}
    show(found, as_json, lambda console: console.print(Text(f"{to}: {writer.loss or 'nothing is lost'}")))


def _write_whole(writer: Exporter, what: Exported, to: Path) -> None:
    """Write the file beside its place first: it is there whole or not at all."""
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer.write(what, file)
        part.replace(to)
    except OSError as exc:
        raise UsageError(f"{to} cannot be written: {exc.strerror}", hint="name another file") from exc
    finally:
        part.unlink(missing_ok=True)


def _list(does: str, found: Mapping[str, Kind], as_json: bool) -> None:
    document = {"kinds": [{"kind": kind.name, does: kind.about} for kind in found.values()]}
    rows = [(kind.name, kind.about) for kind in found.values()]
    show(document, as_json, lambda to: render.table(to, ("kind", does), rows))


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise UsageError(f"option {text!r} is not NAME=VALUE")
    return name, value


def _place(kind: str, source: str, option: list[str]) -> str:
    """Name the checkpoint of this very import: into this store, from this source, read in this way."""
    where = str(Path(source).absolute()) if Path(source).exists() else source
    return hashlib.sha256("\0".join([store_url(), kind, where, *sorted(option)]).encode()).hexdigest()[:24]


@contextmanager
def _progress(reader: Loader, source: str) -> Iterator[Callable[[int], None] | None]:
    """Show on a terminal how far the import is, its rate and the time left; elsewhere nothing."""
    stderr = Console(stderr=True)
    if not stderr.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(show_speed=True))
    with Progress(*columns, TimeRemainingColumn(), console=stderr, transient=True) as bar:
        task = bar.add_task(shown(source), total=reader.total(source))
        yield lambda position: bar.update(task, completed=position)


def _print_report(console: Console, report: Report) -> None:
    if report.resumed_behind:
        console.print(Text(f"went on behind {report.resumed_behind:,} records of an interrupted import", "dim"))
    written = "would be recorded" if report.is_dry_run else "recorded"
    rows = [("read", name, f"{count:,}") for name, count in report.read.items()]
    rows += [(written, name, f"{count:,}") for name, count in report.facts.items()]
    rows += [("kept as it came", name, f"{count:,}") for name, count in report.opaque.most_common()]
    left_out = {"skipped": report.skipped, "read with a doubt": report.warnings}
    rows += [(name, "", f"{count:,}") for name, count in left_out.items() if count]
    render.table(console, ("", "what", ">how many"), rows, "nothing found")
    for problem in report.problems:
        console.print(Text(f"{problem.severity}: {shown(str(problem.place))}: {shown(problem.reason)}", "yellow"))
