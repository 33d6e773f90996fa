"""Components that record into a store of the test's own, and what they have recorded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from headwater.errors import StoreUnavailable
from headwater.graph import connect
from headwater.graph.facts import Fact
from headwater.graph.lineage.face import Lineage
from headwater.graph.store import RunDetail
from headwater.sdk import claims, erased, faults, freshness, recording
from headwater.sdk.artifacts import where
from headwater.sdk.recorder import Recorder, Sink
from headwater.sdk.spool import Spool

DEADLINE_S = 30.0


@contextmanager
def recording_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, sink: Sink | None = None, url: str | None = None, **access: Any
) -> Iterator[Lineage]:
    """Let components record into a file in this folder, or elsewhere, with nothing kept from other tests."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(recording.switch, "is_off", False)
    monkeypatch.setattr(claims.names, "_written", OrderedDict())
    monkeypatch.setattr(faults, "_told_at", {})
    monkeypatch.setattr(freshness, "_asked_at", {})
    monkeypatch.setattr(where, "_opened", {})
    if url is None:
        (folder / "lineage.db").write_bytes(_empty_store())
    with Lineage(connect.open_store(url or f"sqlite:///{folder}/lineage.db", **access)) as lineage:
        monkeypatch.setattr(erased, "knowledge", erased.Knowledge())
        monkeypatch.setattr(connect, "_default", [lineage])
        recorder = Recorder(sink or lineage.record, Spool(lambda: folder / "spool"), linger_s=0)
        monkeypatch.setattr(recording, "recorder", recorder)
        yield lineage
        recorder.shutdown()


@cache
def _empty_store() -> bytes:
    """Return the file of an empty store: making one anew for each test would take most of the time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lineage.db"
        connect.connect(f"sqlite:///{path}").close()
        return path.read_bytes()


def runs(lineage: Lineage) -> list[RunDetail]:
    """Return all runs once they are recorded, and what was asked beside them is answered, the first one first."""
    assert recording.flush(DEADLINE_S)
    assert recording.flush(DEADLINE_S)  # who waits for claims is told before the questions of the same batch are put
    return [lineage.inspect(run.id) for run in reversed(lineage.recent(1000).runs)]


def the_run(lineage: Lineage) -> RunDetail:
    """Return the only run once it is recorded."""
    [found] = runs(lineage)
    return found


def facet(detail: RunDetail, key: str) -> object:
    """Return one of the run's facets, None without it."""
    return next((value for where, value in detail.facets.items() if (where.subject, where.key) == ("run", key)), None)


def warnings_of(detail: RunDetail) -> list[str]:
    """Return what the run says of its own capture."""
    found = facet(detail, "capture")
    return [] if found is None else list(map(str, found))  # type: ignore[call-overload]


def names_read(detail: RunDetail) -> list[str]:
    return [pointer.name for _, pointer in detail.inputs]


def names_written(detail: RunDetail) -> list[str]:
    return [pointer.name for pointer in detail.outputs]


def down(_: Sequence[Fact]) -> None:
    """Behave as a store that cannot be reached."""
    raise StoreUnavailable
