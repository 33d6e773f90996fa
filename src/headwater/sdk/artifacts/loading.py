"""`headwater.save` and `headwater.load`: a value by hand into the artifact store, and out of it by name or digest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from headwater.errors import UnknownArtifact, UnknownPointer, UsageError
from headwater.graph.connect import default
from headwater.graph.facts import PointerType
from headwater.graph.model import Pointer
from headwater.graph.values import check_name
from headwater.sdk import recording
from headwater.sdk.artifacts.entries import Entry
from headwater.sdk.artifacts.saved import load_entry, save_file, save_value, write_to
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.artifacts.where import open_artifacts
from headwater.sdk.claims import Claim, Named, names
from headwater.sdk.explicit import log_run
from headwater.sdk.faults import Ours
from headwater.sdk.recorder import is_recording_thread
from headwater.sdk.run import RunLog, current

SAVE = "save"
_DEADLINE_S = 30.0


def save(
    value: object,
    name: str | None = None,
    *,
    format: str | None = None,  # noqa: A002  # the field's word
    type: PointerType | None = None,  # noqa: A002  # the field's word
) -> str | None:
    """Save a value, or the file that a path names, as an output of the current run; return the digest of its content.

    It is on the disk, or with the service, when this returns. A text is a file's name, unless format="text" says that
    it is the value. Outside of a run it is a run of its own, of the component `save`. Within a run of a component
    nothing is raised: the run's facet `unsaved` says why, and None is returned, as while recording is off.
    Raises Unsaveable, MissingExtra, UsageError, ArtifactsFull, ArtifactsUnavailable, StoreError.
    """
    if recording.switch.is_off:
        return None
    run = current.get()
    if run is None:
        with log_run(SAVE) as own:
            return _saved(own, value, name, format, type)
    if run.is_strict:
        return _saved(run, value, name, format, type)
    with Ours("headwater.save") as attempt:
        return _saved(run, value, name, format, type)
    run.not_saved(name or str(value)[:100], attempt.error)
    return None


def load(reference: str, *, format: str | None = None, to: str | Path | None = None) -> Any:  # noqa: A002  # the field's word
    """Return the saved value that a name (its newest state), `name@run` or a digest means; in a run, as an input of it.

    Of a file, the open file; with `to`, the path of a new file with the saved bytes. What is pickled is loaded only
    with format="joblib": it runs code that whoever saved it chose.
    Raises UnknownPointer, UnknownArtifact, PickledArtifact, DamagedArtifact, MissingExtra, UsageError, StoreError.
    """
    run = current.get()
    entry, claim = _written_here(run, reference) or _recorded(reference, run)
    store = open_artifacts()
    value = load_entry(store, entry, format) if to is None else write_to(store, entry, Path(to))
    if run is not None and claim is not None and not recording.switch.is_off:
        run.inputs.append(claim)
        names.give(value, Named(claim.name))
    return value


def load_state(pointer: Pointer, format: str | None = None) -> Any:  # noqa: A002  # the field's word
    """Return the saved value of a state. Raises what `load` does."""
    store = open_artifacts()
    return load_entry(store, entry_of(pointer, store), format)


def entry_of(pointer: Pointer, store: ArtifactStore) -> Entry:
    """Return the entry of a state's content. Raises UnknownArtifact."""
    if pointer.digest is None:
        raise UnknownArtifact(f"{pointer.id} was recorded without a digest, so nothing can be saved of it")
    try:
        return store.entry(pointer.digest)
    except UnknownArtifact:
        raise UnknownArtifact(f"nothing is saved of {pointer.id}") from None


def _written_here(run: RunLog | None, reference: str) -> tuple[Entry, None] | None:
    """Return what this run itself has written under the name; its end, which tells the graph, is still to come."""
    claims = () if run is None else run.outputs
    written = [claim for claim in claims if reference in (claim.name, claim.digest) and claim.digest]
    return (open_artifacts().entry(str(written[-1].digest)), None) if written else None


def _by_digest(reference: str) -> Entry | None:
    try:
        return open_artifacts().entry(reference)
    except UnknownArtifact:
        return None


def _recorded(reference: str, run: RunLog | None) -> tuple[Entry, Claim | None]:
    """Return the entry and, for a run, the claim to have read it."""
    known = _by_digest(reference)
    if known is not None and run is None:
        return known, None
    if not is_recording_thread():
        recording.flush(_DEADLINE_S)
    try:
        pointer = default().store.resolve(reference)
    except UnknownPointer:
        if known is None:
            raise
        return known, None
    return entry_of(pointer, open_artifacts()), Claim(pointer.name, state=pointer.id)


def _saved(
    run: RunLog,
    value: object,
    name: str | None,
    format: str | None,  # noqa: A002  # the field's word
    type: PointerType | None,  # noqa: A002  # the field's word
) -> str:
    if format != "text" and isinstance(value, (str, os.PathLike)):
        path = value if isinstance(value, str) else Path(value).as_posix()
        called = Named(check_name(name or path), type)
        entry = save_file(open_artifacts(), path, called.name)
    else:
        given = Named(name, type) if name else run.name_of(value) or names.of(value)
        if given is None:
            raise UsageError("the artifact has no name", hint="pass name=..., or use headwater.pointer")
        called = Named(check_name(given.name), type or given.type)
        entry = save_value(open_artifacts(), value, called.name, format)
    run.outputs.append(Claim(called.name, entry.digest, called.type))
    names.give(value, called)
    names.remember(entry.digest, called)
    return entry.digest
