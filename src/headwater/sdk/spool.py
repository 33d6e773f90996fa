"""Facts that the store did not take, kept on disk until it does: one file of JSON lines a batch.

A file appears whole or not at all. Facts may be sent twice and in any order, so processes share a folder without locks.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headwater import ids
from headwater.errors import InvalidFact
from headwater.graph.facts import Fact
from headwater.graph.measures import MetricFact
from headwater.graph.wire import fact_to_dict, recorded_from_dict
from headwater.sdk.faults import tell

LIMIT_BYTES = 1 << 28


class Spool:
    """A folder of batches. `folder` is asked for at each use: it may depend on the store of the moment."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def write(self, facts: Sequence[Fact | MetricFact]) -> None:
        """Keep the facts; they are on the disk when it returns. Raises OSError when there is no room for them."""
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        if sum(path.stat().st_size for path in self.files()) > LIMIT_BYTES:
            raise OSError(errno.EDQUOT, f"the spool holds more than {LIMIT_BYTES >> 20} MiB", str(folder))
        text = "".join(f"{json.dumps(fact_to_dict(fact), separators=(',', ':'))}\n" for fact in facts)
        _write_whole(folder / f"{ids.new_run_id()}.jsonl", text.encode())

    def files(self) -> list[Path]:
        """Return the batches that wait, oldest first."""
        return sorted(self._folder().glob("*.jsonl"))

    def waiting(self) -> int:
        """Return how many facts wait."""
        found = 0
        for path in self.files():
            with suppress(FileNotFoundError):
                found += path.read_bytes().count(b"\n")
        return found

    def read(self, path: Path) -> list[Any]:
        """Return the facts of a batch, none when another process has sent it; bad lines go to a `.bad` file."""
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        facts: list[Fact | MetricFact] = []
        bad: list[bytes] = []
        for line in lines:
            try:
                facts.append(recorded_from_dict(json.loads(line)))
            except (InvalidFact, ValueError) as exc:
                bad.append(line)
                tell(f"reading {path.name}", exc)
        if bad:
            _write_whole(path.with_suffix(".bad"), b"\n".join(bad))
        return facts

    def remove(self, path: Path) -> None:
        """Forget a batch that has been sent."""
        path.unlink(missing_ok=True)


def _write_whole(path: Path, content: bytes) -> None:
    """Write the file so that it has all of the content or does not exist, whatever happens to the machine."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the new name last; some systems cannot, and then it lasts when the system says so."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
