"""What became of the facts that programs recorded, kept beside their spool for `headwater doctor`.

One file a day, one line a program and minute: lines are appended whole, so programs share a file without locks.
A program that is killed takes the counts of its last minute with it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from headwater import clock

DAYS = 7
WHAT = ("sent", "dropped", "refused")


class Counts:
    """The counts of all programs that share a folder. `folder` is asked for at each use."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def add(self, more: Counter[str]) -> None:
        """Add to the counts of this day, and forget those of a week ago. Raises OSError when it cannot be written."""
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{clock.now().date()}.counts"
        if not path.exists():
            for old in set(folder.glob("*.counts")) - set(self._recent()):
                old.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(descriptor, f"{json.dumps(dict(more))}\n".encode())
        finally:
            os.close(descriptor)

    def total(self) -> Counter[str]:
        """Return the sums of the last week, 0 for what never happened; a line that cannot be read counts nothing."""
        found = Counter(dict.fromkeys(WHAT, 0))
        for path in self._recent():
            with suppress(FileNotFoundError):
                for line in path.read_bytes().splitlines():
                    with suppress(ValueError, TypeError, AttributeError):
                        said = json.loads(line)
                        found.update({key: int(said.get(key, 0)) for key in WHAT})
        return found

    def _recent(self) -> list[Path]:
        today = clock.now().date()
        return [self._folder() / f"{today - timedelta(days=days)}.counts" for days in range(DAYS)]
