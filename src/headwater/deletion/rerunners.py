"""How a run is done again: by a callable, a shell command or a webhook, for each component.

A rerunner gets a `Task` and returns when the run is over, with its id if it is not the one that it was asked to use.
Whatever it raises means that the run failed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from headwater.errors import RerunFailed, UsageError
from headwater.graph.values import JSON
from headwater.sdk import recording
from headwater.sdk.reruns import rerunning

PREFIX = "HEADWATER_RERUN_"
_PLACE = re.compile(r"\{([a-z]+)(?:\.([^{}]+))?\}")
_QUOTED = re.compile(rf"""["']\s*{_PLACE.pattern}|{_PLACE.pattern}\s*["']""")
_TOLD = 2_000


@dataclass(frozen=True, slots=True)
class Task:
    """One run to do again: under the id `id`, as `of` was, which read `inputs` and wrote `outputs` (names).

    `without` are the states that it must not read again, `leaves_out` the labels whose rows it must drop from all that
    it reads, `reads` which state takes the place of one that it read, `unlearns` whether its component said that it
    can forget in place, or retrain one shard.
    """

    id: str
    of: str
    component: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    params: Mapping[str, JSON] = field(default_factory=dict)
    commit: str | None = None
    plan: str = ""
    without: tuple[str, ...] = ()
    leaves_out: tuple[tuple[str, str], ...] = ()
    reads: Mapping[str, str] = field(default_factory=dict)
    unlearns: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document that webhooks get."""
        said = {name: getattr(self, name) for name in self.__slots__}
        labels = [list(label) for label in self.leaves_out]
        lists = {name: list(said[name]) for name in ("inputs", "outputs", "without")}
        return {**said, **lists, "leaves_out": labels, "params": dict(self.params), "reads": dict(self.reads)}

    def environment(self) -> dict[str, str]:
        """Return the variables that programs get: HEADWATER_RERUN_ID and so on, lists and mappings as JSON."""
        told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in self.to_dict().items()}
        return {f"{PREFIX}{key.upper()}": value for key, value in told.items()}


class Rerunner(Protocol):
    """Does one run again.

    One that knows a run again by its id, and may be asked twice for it, says so by an attribute `resumes`. For any
    other a run that a dead process had begun is given up and begun anew.
    """

    def __call__(self, task: Task, /) -> str | None:
        """Return the id of the run that was recorded for it, None if that is `task.id`."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command. `{id}`, `{of}`, `{component}`, `{inputs}`, `{outputs}`, `{params.NAME}` are filled in, quoted.

    Ends with its process group after `timeout_s` seconds. The values reach the shell as variables, never as its text.
    """

    text: str
    folder: Path | None = None
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise UsageError("the command is empty")
        if _QUOTED.search(self.text):
            raise UsageError(f"{self.text!r} has quotes around a {{place}}", hint="leave them out: values are quoted")

    def __call__(self, task: Task, /) -> str | None:
        """Run the command; raises RerunFailed with the end of what it wrote unless it exits with 0."""
        shell(self.text, task.to_dict(), task.environment(), self.folder, self.timeout_s)
        return None


def shell(
    text: str, values: Mapping[str, Any], environment: Mapping[str, str], folder: Path | None, timeout_s: float | None
) -> None:
    """Run a shell command with its {places} filled in; raises RerunFailed unless it exits with 0."""
    filled, variables = _filled(text, values)
    environ = {**os.environ, **environment, **variables}
    with subprocess.Popen(
        ["/bin/sh", "-c", filled], env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            told, _ = process.communicate(timeout=timeout_s)
        except BaseException as exc:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(exc, subprocess.TimeoutExpired):
                raise RerunFailed(f"the command did not end within {timeout_s:g} s") from None
            raise
    if process.returncode:
        end = told.decode(errors="replace")[-_TOLD:].strip()
        raise RerunFailed(f"the command ended with {process.returncode}: {end or 'it wrote nothing'}")


def _filled(text: str, values: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the command with a variable in each place, and the variables."""
    variables: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        words = _words(_value(found, values))
        names = [f"{PREFIX}ARG{len(variables) + n}" for n in range(len(words))]
        variables.update(zip(names, words, strict=True))
        return " ".join(f'"${{{name}}}"' for name in names)

    return _PLACE.sub(place, text), variables


def _value(found: re.Match[str], values: Mapping[str, Any]) -> Any:
    """Return what a place stands for; raises UsageError for one that stands for nothing."""
    whole, key = values.get(found[1]), found[2]
    value = whole.get(key) if key is not None and isinstance(whole, Mapping) else whole if key is None else None
    if value is None:
        raise UsageError(f"the command's {found[0]} stands for nothing here", hint=f"there are {', '.join(values)}")
    return value


def _words(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [_word(one) for one in value]
    return [_word(value)]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class Rerunners:
    """Which rerunner does which component: the first whose pattern (a glob) fits the component's name."""

    known: Sequence[tuple[str, Rerunner]] = ()

    @classmethod
    def of(cls, rerunners: Mapping[str, Rerunner | str] | None) -> Rerunners:
        """Return the rerunners by component or pattern; a text is a shell command."""
        found = (rerunners or {}).items()
        return cls([(pattern, Command(one) if isinstance(one, str) else one) for pattern, one in found])

    def find(self, component: str | None) -> Rerunner | None:
        """Return who reruns the component, None if nobody does."""
        fits = (one for pattern, one in self.known if component is not None and fnmatchcase(component, pattern))
        return next(fits, None)

    def run(self, task: Task) -> str:
        """Do a run again; return the id under which it was recorded. Raises RerunFailed whatever went wrong."""
        rerunner = self.find(task.component)
        if rerunner is None:
            raise RerunFailed(
                f"nobody reruns {task.component!r}", hint=f"give a rerunner for {shlex.quote(task.component)}"
            )
        try:
            with rerunning(task.component, task.id):
                found = rerunner(task)
        except RerunFailed:
            raise
        except Exception as exc:
            raise RerunFailed(f"{task.component}: {type(exc).__name__}: {exc}") from exc
        recording.flush()
        return found or task.id
