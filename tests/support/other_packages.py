"""Programs that need packages which cannot live beside ours: uv runs them in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.neo4j_fixtures import NOT_TESTED

# Long enough for a first download; afterwards an environment stands within a second.
_TIMEOUT_S = 240


def run_with(packages: list[str], program: Path, *arguments: str) -> str:
    """Run a program that imports these packages and return what it prints.

    Without uv, or where the packages cannot be had, the test is skipped and the summary says so.
    """
    wanted = [part for package in packages for part in ("--with", package)]
    uv = [sys.executable, "-m", "uv", "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    command = [*uv, *wanted, "python", str(program), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{NOT_TESTED}: {packages[0]}: it could not be had in {_TIMEOUT_S} s")
    if done.returncode and "Traceback" not in done.stderr:  # uv said it, not the program
        pytest.skip(f"{NOT_TESTED}: {packages[0]}: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return done.stdout
