"""The commands about artifacts: what is saved, to a file, whether it is whole, and what nothing needs any longer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from headwater.cli import complete, render
from headwater.cli.context import Json, asking, options, show, store_url
from headwater.cli.text import brief, when
from headwater.errors import DamagedArtifact, UnknownArtifact
from headwater.sdk.artifacts.entries import Entry
from headwater.sdk.artifacts.loading import entry_of
from headwater.sdk.artifacts.needs import holders
from headwater.sdk.artifacts.saved import file_name, write_to
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.artifacts.sweep import GRACE, Freed, collect
from headwater.sdk.artifacts.where import artifacts_beside, graph_name, open_artifacts
from headwater.sdk.recording import spool_folder
from headwater.settings import load_settings

artifacts = typer.Typer(help="The saved values and files that pointers point to.", no_args_is_help=True)

REFERENCE = "A name (its newest state), name@run, or a digest."
Reference = Annotated[str, typer.Argument(metavar="ARTIFACT", help=REFERENCE, autocompletion=complete.pointers)]
References = Annotated[list[str] | None, typer.Argument(metavar="ARTIFACT", help=f"{REFERENCE} Default: all.")]
Limit = Annotated[int, typer.Option(min=1, help="Show this many.")]
To = Annotated[Path | None, typer.Option(help="The file to write; default: the artifact's name, in this folder.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]
Apply = Annotated[bool, typer.Option("--apply", help="Remove it; without this it is only shown.")]
Days = Annotated[float, typer.Option(min=0, help="Keep what was saved less than this many days ago.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(artifacts, name="artifacts")


def opened_artifacts() -> ArtifactStore:
    """Return the artifact store that the options and the environment name."""
    found = load_settings()
    graph = graph_name(store_url(), options.database or found.neo4j_database)
    return open_artifacts(found.artifacts or artifacts_beside(store_url()), graph)


@artifacts.command("list")
def list_artifacts(limit: Limit = 100, as_json: Json = False) -> None:
    """List what is saved, newest first."""
    damaged: list[str] = []
    found = sorted(opened_artifacts().entries(damaged), key=attrgetter("saved_at", "digest"), reverse=True)
    document = {
        "artifacts": [entry.to_dict() for entry in found[:limit]],
        "count": len(found),
        "size_bytes": sum(entry.size_bytes for entry in found),
        "stored_bytes": sum(dict(chunk for entry in found for chunk in entry.chunks).values()),
        "damaged": damaged,
    }
    show(document, as_json, lambda to: _print_list(to, document, found[:limit]))


def _print_list(console: Console, document: dict[str, Any], found: Sequence[Entry]) -> None:
    rows = [
        (entry.digest, brief(entry.name), entry.format, f"{entry.size_bytes:,}", when(entry.saved_at))
        for entry in found
    ]
    render.table(console, ("digest", "name", "format", ">bytes", "saved (UTC)"), rows, "no artifacts")
    counts = "{count:,} artifacts of {size_bytes:,} bytes in {stored_bytes:,} bytes of chunks".format(**document)
    console.print(Text(counts, "dim"))
    if document["count"] > len(found):
        console.print(Text(f"{document['count'] - len(found):,} more: --limit", "dim"))
    for fault in document["damaged"]:
        console.print(Text(fault, "bold red"))


@artifacts.command("get")
def get_artifact(artifact: Reference, to: To = None, force: Force = False, as_json: Json = False) -> None:
    """Write the bytes of an artifact to a file, verified; nothing of them is run."""
    store = opened_artifacts()
    name, entry = next(_named(store, [artifact]))
    path = write_to(store, entry, to or Path(file_name(entry, name)), replaces=force)
    document = {"path": str(path), **entry.to_dict()}
    show(document, as_json, lambda console: console.print(Text(f"{path}  {entry.format}, {entry.size_bytes:,} bytes")))


@artifacts.command("verify")
def verify_artifacts(artifact: References = None, as_json: Json = False) -> None:
    """Read artifacts whole, and name those that are not what was saved; exit 1 if there are any."""
    store = opened_artifacts()
    damaged: list[str] = []
    entries = (entry for _, entry in _named(store, artifact)) if artifact else store.entries(damaged)
    found = {entry.digest: (entry, store.faults(entry)) for entry in entries}
    faults = [{"digest": key, "name": entry.name, "faults": told} for key, (entry, told) in found.items() if told]
    document = {"verified": len(found), "damaged": faults, "damaged_entries": damaged}
    show(document, as_json, lambda to: _print_verified(to, document))
    if faults or damaged:
        raise typer.Exit(1)


def _print_verified(console: Console, document: dict[str, Any]) -> None:
    for found in document["damaged"]:
        console.print(Text(f"{found['digest']}  {brief(found['name'])}", "bold red"))
        for fault in found["faults"]:
            console.print(Text(f"  {fault}"))
    for fault in document["damaged_entries"]:
        console.print(Text(fault, "bold red"))
    damaged = len(document["damaged"]) + len(document["damaged_entries"])
    console.print(Text(f"{document['verified']:,} artifacts read, {damaged:,} damaged"))
    if damaged:
        console.print(Text(f"  {DamagedArtifact.hint}"))


@artifacts.command("gc")
def collect_artifacts(grace_days: Days = GRACE.days, apply: Apply = False, as_json: Json = False) -> None:
    """Show what no state in the graph needs, and what killed writers left; with --apply, remove it."""
    store, spool = opened_artifacts(), spool_folder(store_url())
    with asking() as lineage:
        found = collect(
            store,
            lambda digests: holders(lineage.store, digests, spool=spool),
            grace=timedelta(days=grace_days),
            applies=apply,
        )
    others = sum(entry.graphs != (store.graph,) for entry in store.entries())
    document = {**found.to_dict(), "of_other_graphs": others}
    show(document, as_json, lambda to: _print_freed(to, found, others))


def _print_freed(console: Console, found: Freed, others: int) -> None:
    rows = [(entry.digest, brief(entry.name), f"{entry.size_bytes:,}", when(entry.saved_at)) for entry in found.entries]
    render.table(console, ("digest", "name", ">bytes", "saved (UTC)"), rows, "every artifact is needed, or new")
    verb = "freed" if found.is_applied else "would be freed"
    console.print(Text(f"{len(found.entries):,} artifacts, {found.chunks:,} chunks, {found.size_bytes:,} bytes {verb}"))
    if others:
        console.print(
            Text(f"{others:,} artifacts were saved for other graphs, or for this one at another URL: they stay", "dim")
        )
    if not found.is_applied and (found.entries or found.chunks):
        console.print(Text("nothing was removed: --apply does", "dim"))


def _named(store: ArtifactStore, references: Sequence[str]) -> Iterator[tuple[str | None, Entry]]:
    """Give what each reference means with its name in the graph, which is asked for what is no digest."""
    for reference in references:
        try:
            yield None, store.entry(reference)
        except UnknownArtifact:
            with asking() as lineage:
                pointer = lineage.store.resolve(reference)
            yield pointer.name, entry_of(pointer, store)
