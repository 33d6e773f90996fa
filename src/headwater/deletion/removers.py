"""How data outside of the store is deleted: files under folders that were declared, or whatever a user gives.

A remover is asked once for each state that goes, leaves first, and may be asked again after a crash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from headwater.deletion.rerunners import shell
from headwater.errors import DeletionStopped, RemovalFailed, UsageError
from headwater.graph.model import Pointer
from headwater.sdk.files import digest_of_file, mark_file

Outcome: TypeAlias = Literal["removed", "gone", "overwritten", "left"]
PREFIX = "HEADWATER_REMOVE_"


@dataclass(frozen=True, slots=True)
class Removal:
    """One state whose data goes; `newest` is what its name stands for now, None if that is this state.

    Of a source that holds rows of others too, only the rows with the labels `rows` go.
    """

    state: Pointer
    newest: Pointer | None = None
    rows: tuple[tuple[str, str], ...] = ()


class Remover(Protocol):
    """Deletes the data of one state.

    One that can tell the versions of a name apart says so by an attribute `knows_versions`; any other is not asked for
    a state whose name stands for another one by now, which it would delete in its place.
    """

    def __call__(self, removal: Removal, /) -> Outcome | None:
        """Return what became of the data, None for `removed`; raise to stop."""
        ...


@dataclass(frozen=True, slots=True)
class Files:
    """Deletes the file that a state's name means within the folder `root`, and no other.

    A file that holds another state of the name by now is kept, and so is one that may. It takes no rows out of a file.
    """

    knows_versions = True

    root: Path

    def __call__(self, removal: Removal, /) -> Outcome:
        """Delete the file; raises RemovalFailed for a name that leads out of the root or to a folder."""
        path = self._path(removal.state.name)
        if removal.rows:
            return "left"
        if not path.exists():
            return "gone"
        if not path.is_file():
            raise RemovalFailed(f"{removal.state.name!r} is no file", hint="give a remover for what is in it")
        if not self._holds(path, removal):
            return "overwritten"
        path.unlink(missing_ok=True)
        return "removed"

    def _path(self, name: str) -> Path:
        root = self.root.resolve()
        path = (root / name).resolve()
        if root not in path.parents:
            raise RemovalFailed(f"{name!r} lies outside of {self.root}", hint="give a remover whose root holds it")
        return path

    @staticmethod
    def _holds(path: Path, removal: Removal) -> bool:
        """Whether the file is the state, and not what its name stands for now."""
        mark, known, newest = mark_file(str(path)), removal.state.digest, removal.newest
        if mark is None or known is None:
            return newest is None
        found = digest_of_file(mark).digest
        return found == known and (newest is None or newest.digest not in (None, found))


@dataclass(frozen=True, slots=True)
class RemoveCommand:
    """A shell command that deletes a state's data: `{name}`, `{state}`, `{digest}` and `{rows}` are filled in, quoted.

    `{rows}` are the labels, as KEY=VALUE words, whose rows alone go; none where all of it goes. One that uses neither
    `{state}` nor `{digest}` cannot tell the versions of a name apart.
    """

    text: str
    folder: Path | None = None
    timeout_s: float | None = None

    @property
    def knows_versions(self) -> bool:
        """Whether the command can tell the versions of a name apart."""
        return "{state}" in self.text or "{digest}" in self.text

    def __call__(self, removal: Removal, /) -> Outcome:
        """Run the command; raises RemovalFailed unless it exits with 0."""
        state = removal.state
        rows = [f"{key}={value}" for key, value in removal.rows]
        values = {"name": state.name, "state": state.id, "digest": state.digest or "", "rows": rows}
        environ = {
            f"{PREFIX}{key.upper()}": value if isinstance(value, str) else json.dumps(value)
            for key, value in values.items()
        }
        try:
            shell(self.text, values, environ, self.folder, self.timeout_s)
        except (DeletionStopped, UsageError) as exc:
            raise RemovalFailed(exc.message) from exc
        return "removed"


@dataclass(frozen=True, slots=True)
class Removers:
    """Which remover deletes the data of which names: the first whose pattern (a glob) fits."""

    known: Sequence[tuple[str, Remover]] = ()

    @classmethod
    def of(cls, removers: Mapping[str, Remover | str | Path] | None) -> Removers:
        """Return the removers by pattern; a path is the root of files, a text a shell command."""
        return cls([(pattern, _remover(one)) for pattern, one in (removers or {}).items()])

    def fits(self, name: str) -> bool:
        """Whether anybody deletes the data of a name."""
        return any(fnmatchcase(name, pattern) for pattern, _ in self.known)

    def remove(self, removal: Removal) -> Outcome:
        """Delete the data of a state; `left` when nobody can. Raises RemovalFailed whatever went wrong."""
        name = removal.state.name
        remover = next((one for pattern, one in self.known if fnmatchcase(name, pattern)), None)
        if remover is None:
            return "left"
        if removal.newest is not None and not getattr(remover, "knows_versions", False):
            return "overwritten"
        try:
            return remover(removal) or "removed"
        except RemovalFailed:
            raise
        except Exception as exc:
            raise RemovalFailed(f"{name!r}: {type(exc).__name__}: {exc}") from exc


def _remover(given: Remover | str | Path) -> Remover:
    if isinstance(given, Path):
        return Files(given)
    return RemoveCommand(given) if isinstance(given, str) else given
