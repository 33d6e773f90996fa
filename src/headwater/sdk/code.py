"""Which code ran: the source of a function as it was when it was decorated, and the git commit that it belongs to."""

from __future__ import annotations

import getpass
import hashlib
import inspect
import linecache
import os
import platform
import socket
import subprocess
import textwrap
import tokenize
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from headwater.graph.values import JSON

_GIT_DEADLINE_S = 10.0


class Commit(NamedTuple):
    """What is checked out: the commit, and whether tracked files differ from it. None where there is no git."""

    id: str | None
    is_dirty: bool | None


class Source:
    """The source of one function. Its file's lines are taken at once; the function is looked up in them when asked."""

    def __init__(self, function: Callable[..., Any], code: CodeType | None) -> None:
        self._code = code
        names = getattr(function, "__globals__", None)
        self._lines = [] if code is None else linecache.getlines(code.co_filename, names)

    @cached_property
    def text(self) -> str | None:
        """The function's source, from its first decorator; None for code that no file holds."""
        if self._code is None or not self._lines:
            return None
        try:
            return textwrap.dedent("".join(inspect.getblock(self._lines[self._code.co_firstlineno - 1 :])))
        except (SyntaxError, tokenize.TokenError):
            return None

    @cached_property
    def digest(self) -> str | None:
        """The digest of the text; of the compiled code where there is no text; None for what is not Python."""
        if self.text is not None:
            return f"sha256:{hashlib.sha256(self.text.encode('utf-8', 'surrogatepass')).hexdigest()}"
        if self._code is None:
            return None
        return f"bytecode-sha256:{hashlib.sha256(repr(_compiled(self._code)).encode()).hexdigest()}"

    @cached_property
    def folder(self) -> str:
        """The folder of the file, or else the current one."""
        file = "" if self._code is None else self._code.co_filename
        return str(Path(file).resolve().parent) if Path(file).is_file() else str(Path.cwd())


def _compiled(code: CodeType) -> tuple[Any, ...]:
    inner = [_compiled(one) if isinstance(one, CodeType) else one for one in code.co_consts]
    return code.co_code, code.co_names, inner


@lru_cache(maxsize=256)
def commit_of(folder: str) -> Commit:
    """Return what git says of the folder; asked once a process, for that is the code which was loaded."""
    command = ["git", "-C", folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_DEADLINE_S, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return Commit(None, None)
    lines = done.stdout.splitlines()
    ids = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    is_known = bool(ids) and ids[0] != "(initial)"
    return Commit(ids[0] if is_known else None, any(not line.startswith("#") for line in lines))


def environment() -> dict[str, JSON]:
    """Return host, user and Python version: recorded by components that say so, for they may be personal."""
    try:
        user: str | None = getpass.getuser()
    except (OSError, KeyError):
        user = None
    return {"host": socket.gethostname(), "user": user, "python": platform.python_version()}
