"""A git repository by its own command: the commits that touch some files, and the content of files. Knows no DVC.

The command streams both in constant memory, follows every layout (worktrees, alternates, partial clones), and is there
wherever a repository is.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from headwater.errors import MissingExtra, SourceError
from headwater.loaders.files import MAX_RECORD_BYTES

# Whatever a user has configured, the output has one form; nothing asks for a password or takes a lock.
_GIT = ("git", "-c", "log.showRoot=true", "-c", "log.showSignature=false", "-c", "log.mailmap=false")
_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
_EVERYTHING = ("--all", "--full-history")
# A version of a file is in some commit's difference to its first parent, or came from the other parent as it was.
_LOG = (
    *("log", *_EVERYTHING, "--reverse", "--date-order", "--format=%H %ct", "-z", "--raw", "--no-abbrev"),
    *("--diff-merges=first-parent", "--no-renames", "--no-relative", "--no-ext-diff", "--no-color"),
)
_CHUNK_BYTES = 1 << 16


class Change(NamedTuple):
    """A commit has this version of a file, and its first parent another or none."""

    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, when it was committed (seconds since 1970), and the versions of files that it brought."""

    id: str
    seconds: int
    changes: tuple[Change, ...]


class Blob(NamedTuple):
    """One version of a file; `content` is None when it has more bytes than a record may have."""

    id: str
    content: bytes | None


class Objects:
    """The contents of a repository, from one process that answers as long as it is asked."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask, self._answer = ask, answer

    def read(self, name: str) -> Blob | None:
        """Return the file that `name` is (a blob's id, or `commit:path`), None when there is none."""
        if "\n" in name:
            return None
        self._ask.write(name.encode(errors="surrogateescape") + b"\n")
        self._ask.flush()
        ident, _, about = self._answer.readline().decode(errors="surrogateescape").rstrip("\n").partition(" ")
        if (kind := about.partition(" ")[0]) not in ("blob", "tree", "commit", "tag"):
            return None
        content = self._content(int(about.split(" ")[1]))
        return Blob(ident, content) if kind == "blob" else None

    def _content(self, size: int) -> bytes | None:
        if size <= MAX_RECORD_BYTES:
            return self._answer.read(size + 1)[:size]
        rest = size + 1
        while rest and (passed := self._answer.read(min(rest, _CHUNK_BYTES))):
            rest -= len(passed)
        return None


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that holds the folder `path`; only files under that folder, of these patterns, are looked at."""

    path: str
    patterns: tuple[str, ...]

    def check(self) -> None:
        """Raise SourceError, in git's own words, when there is no repository that may be read."""
        self._ask("rev-parse", "--git-dir")

    def commits(self) -> Iterator[Commit]:
        """Give every commit of every ref that touches the files, parents first, else by time of the commit.

        Raises SourceError when the history cannot be read to its end.
        """
        with self._running(*_LOG, "--", *self.patterns) as process:
            assert process.stdout is not None
            yield from _commits(_tokens(process.stdout))

    def count(self) -> int:
        """Return how many commits `commits` gives."""
        return int(self._ask("rev-list", *_EVERYTHING, "--count", "--", *self.patterns))

    def fingerprint(self) -> str:
        """Return a text that changes when a branch, a tag, another ref or the commit in use does."""
        refs = self._ask("for-each-ref", "--format=%(objectname) %(refname)")
        head = self._ask("rev-parse", "--revs-only", "HEAD")
        return hashlib.sha256(f"{head}{refs}".encode(errors="surrogateescape")).hexdigest()

    @contextmanager
    def objects(self) -> Iterator[Objects]:
        """Open the contents."""
        with self._running("cat-file", "--batch", stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            yield Objects(process.stdin, process.stdout)

    def _ask(self, *arguments: str) -> str:
        with self._running(*arguments) as process:
            assert process.stdout is not None
            return process.stdout.read().decode(errors="surrogateescape")

    @contextmanager
    def _running(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
        """Run git; raise SourceError with its own words when it fails. A reader who stops early ends it."""
        with TemporaryFile() as errors:
            command = (*_GIT, "-C", self.path, *arguments)
            environment = {**os.environ, **_ENVIRONMENT}
            process = _start(command, stdin, errors, environment)
            try:
                yield process
            except BaseException:
                process.kill()
                raise
            finally:
                process.communicate()
            if process.returncode:
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip() or f"exit code {process.returncode}"
                raise SourceError(f"git cannot read {self.path!r}: {said}", hint="name the folder of a git repository")


def _start(
    command: Sequence[str], stdin: int, errors: IO[bytes], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, env=environment)
    except FileNotFoundError as exc:
        raise MissingExtra("the kind dvc needs the command git", hint="install git 2.31 or newer") from exc


def _tokens(stream: IO[bytes]) -> Iterator[str]:
    """Give the texts between NULs, one at a time."""
    rest = b""
    while chunk := stream.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from (token.decode(errors="surrogateescape") for token in whole)


def _commits(tokens: Iterator[str]) -> Iterator[Commit]:
    """Read `HASH SECONDS`, then pairs of `:MODE MODE OLD NEW LETTER` and path, until the next commit."""
    ident, seconds = "", 0
    changes: list[Change] = []
    for token in tokens:
        text = token.lstrip("\n")
        if text.startswith(":"):
            _, mode, _, blob, _ = text.split(" ")
            path = next(tokens)
            if mode.startswith("100"):
                changes.append(Change(path, blob))
            continue
        if ident:
            yield Commit(ident, seconds, tuple(changes))
        ident, _, said = text.partition(" ")
        seconds, changes = int(said or 0), []
    if ident:
        yield Commit(ident, seconds, tuple(changes))
