"""Programs that need packages which cannot live beside ours: uv runs them in an environment of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.neo4j_fixtures import NOT_TESTED

# Long enough for a first download; afterwards an environment stands within a second.
_TIMEOUT_S = 240


def run_with(packages: list[str], program: Path, *arguments: str) -> str:
    """Run a program that imports these packages and return what it prints.

    Without uv, or where the packages cannot be had, the test is skipped and the summary says so.
    """
    command = [*command_with(packages), "python", str(program), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{NOT_TESTED}: {packages[0]}: it could not be had in {_TIMEOUT_S} s")
    if done.returncode and "Traceback" not in done.stderr:  # uv said it, not the program
        pytest.skip(f"{NOT_TESTED}: {packages[0]}: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(packages: list[str], *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of these packages, and whatever it starts, until the block ends; its output goes nowhere."""
    quiet = subprocess.DEVNULL
    whole, variables = [*command_with(packages), *command], {**os.environ, **environment}
    process = subprocess.Popen(whole, stdout=quiet, stderr=quiet, stdin=quiet, start_new_session=True, env=variables)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def command_with(packages: list[str]) -> list[str]:
    """Return what stands before a command that needs these packages."""
    wanted = [part for package in packages for part in ("--with", package)]
    uv = [sys.executable, "-m", "uv", "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    return [*uv, *wanted]
