"""Programs that need packages which cannot live beside ours: uv runs them in an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.neo4j_fixtures import NOT_TESTED

# Long enough for a first download; afterwards an environment stands within a second.
_TIMEOUT_S = 240


def run_with(packages: list[str], program: Path, *arguments: str) -> str:
    """Run a program that imports these packages and return what it prints.

    Without uv, or where the packages cannot be had, the test is skipped aloud; with CI=true it fails.
    """
    wanted = [part for package in packages for part in ("--with", package)]
    uv = [sys.executable, "-m", "uv", "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    if reason := _hindrance([*uv, *wanted, "python", "-c", "pass"]):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{NOT_TESTED}: {packages[0]}: {reason}")
    command = [*uv, *wanted, "python", str(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _hindrance(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as exc:
        return str(exc)
    return done.stderr.strip()[-200:] if done.returncode else None
