"""The shell completes names of what a store holds, and a key press never makes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import headwater

CODE = "import sys; sys.argv = ['headwater']; from headwater.cli import main; main()"


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/lineage.db"
    with headwater.connect(url) as lineage, headwater.log_run("clean", ["raw.csv"], ["clean.csv"], lineage=lineage):
        pass
    return url


def _completed(store: str, *words: str) -> list[str]:
    line = ["headwater", "--store", store, *words]
    environ = {"COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1), "_HEADWATER_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env={**os.environ, **environ}
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_pointers_and_components_are_completed(store: str) -> None:
    assert _completed(store, "trace", "ra") == ["raw.csv"]
    assert _completed(store, "impact", "cl") == ["clean.csv"]
    assert _completed(store, "history", "cl") == ["clean"]
    assert _completed(store, "trace", "--stop-at", "cl") == ["clean"]


def test_commands_are_completed_from_their_beginning(store: str) -> None:
    assert _completed(store, "imp") == ["impact", "import"]


@pytest.mark.parametrize("store", ["sqlite:///absent.db", "bolt://localhost:1", "nonsense"])
def test_without_a_file_nothing_is_completed_or_made(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _completed(store, "trace", "ra") == []
    assert list(tmp_path.iterdir()) == []
