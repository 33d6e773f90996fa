"""Files and addresses that one run has read and written.

A file counts as read with the content that it had when it was opened, and as written with that of the end, if it is
there then and has changed. What the run wrote itself is no input of it, and what it took away again no output. Files of
Python, of installed packages and of devices are no data.
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from headwater import clock
from headwater.graph.values import check_name
from headwater.sdk.claims import Claim
from headwater.sdk.files import FileMark, is_racy, look_at, mark_file

MOST_FILES = 10_000
_TICK_NS = 10_000_000  # clocks of file systems lag behind by as much


class _Opened(NamedTuple):
    """A file that was opened to be written, and what stood there before if a look can tell that from what comes."""

    name: str
    before: FileMark | None = None


class Files:
    """What a run touches. A file is known by its place, and called as it was called first."""

    def __init__(self, begun_at: datetime) -> None:
        self._begun_ns = begun_at.timestamp() * 1e9
        self._read: dict[str, Claim] = {}
        self._opened: dict[str, _Opened] = {}
        self._addresses: dict[tuple[str, bool], Claim] = {}
        self.is_full = False

    def knows(self, path: str, *, is_written: bool) -> bool:
        """Whether there is nothing to say of this absolute path that was not said."""
        return path in self._opened or (not is_written and path in self._read)

    def open(self, name: str, *, is_read: bool, is_written: bool, may_be_folder: bool = False) -> None:
        """Take that a file is about to be opened; what is no file is left out."""
        path = absolute(name)
        if self.knows(path, is_written=is_written) or path.startswith(_left_out()) or not self._has_room():
            return
        if is_read and path not in self._read:
            mark = mark_file(path)
            if mark is not None or (may_be_folder and _is_folder(path)):
                self._read[path] = Claim(check_name(name), mark=mark, at=self._moment(mark))
        if is_written and (may_be_folder or not _is_folder(path)):
            self._opened[path] = _Opened(check_name(name), _telling(look_at(path)))

    def rename(self, old: str, new: str) -> None:
        """Take that a file or folder is about to get another name, which writes it, and reads what was there before."""
        source, target = absolute(old), absolute(new)
        made = [source] if source in self._opened else self._made_in(source)
        for path in made:
            rest = path[len(source) :]
            self._opened[target + rest] = _Opened(check_name(new + rest))
            self._opened.pop(path, None)
        mark = None if made else look_at(source)
        if mark is not None:
            if mark.mtime_ns < self._begun_ns:
                self.open(old, is_read=True, is_written=False)
            self._opened[target] = _Opened(check_name(new))

    def reach(self, address: str, *, is_written: bool) -> None:
        """Take the address of something that is no file of this machine."""
        if is_written or (address, True) not in self._addresses:
            self._addresses.setdefault((address, is_written), Claim(check_name(address)))

    def read(self) -> list[Claim]:
        """Return the claims about what was read."""
        return [*self._read.values(), *self._reached(is_written=False)]

    def written(self) -> list[Claim]:
        """Return the claims about what was written, as it is now."""
        found = []
        for path, (name, before) in list(self._opened.items()):
            mark = mark_file(path)
            if _is_folder(path) if mark is None else before is None or mark.key != before.key:
                found.append(Claim(name, mark=mark))
        return [*found, *self._reached(is_written=True)]

    def _made_in(self, folder: str) -> list[str]:
        is_folder = _is_folder(folder)
        return [path for path in list(self._opened) if path.startswith(folder + os.sep)] if is_folder else []

    def _reached(self, *, is_written: bool) -> list[Claim]:
        return [claim for (_, how), claim in list(self._addresses.items()) if how is is_written]

    def _has_room(self) -> bool:
        self.is_full = self.is_full or len(self._read) + len(self._opened) >= MOST_FILES
        return not self.is_full

    def _moment(self, mark: FileMark | None) -> datetime | None:
        """Return the present for a file that was made after the run had begun: it is a state of that time."""
        return clock.now() if mark is not None and mark.mtime_ns > self._begun_ns - _TICK_NS else None


def _telling(mark: FileMark | None) -> FileMark | None:
    return None if mark is None or is_racy(mark) else mark


def absolute(name: str) -> str:
    """Return the place of a file, by which it is known."""
    return os.path.abspath(name)  # noqa: PTH100  # Path.absolute keeps `..`, and costs five times as much


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # as above


@cache
def _left_out() -> tuple[str, ...]:
    """Return the folders of Python, of installed packages, of Headwater and of the system's devices."""
    import site
    import sysconfig
    import zoneinfo

    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages(), *zoneinfo.TZPATH}
    folders |= {str(Path(__file__).parents[2]), "/dev", "/proc", "/sys"}
    return tuple(absolute(folder) + os.sep for folder in folders)
