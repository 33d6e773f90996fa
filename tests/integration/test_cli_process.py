"""The command line as a process: what becomes of its output, of an interrupt, and of a missing library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = [sys.executable, "-m", "headwater.cli"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///lineage.db")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_the_output_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*MODULE, "stats"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "headwater: the output cannot be written: No space left on device\n",
    )


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor")
def test_a_closed_output_is_quiet() -> None:
    command = f"{sys.executable} -m headwater.cli stats >&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_the_output_cannot_hold_are_escaped() -> None:
    code = "import headwater as h\nwith h.log_run('fit', outputs=['größe.csv']): pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    plain, document = (
        subprocess.run([*MODULE, "search", "csv", *more], capture_output=True, text=True, check=True, env=ascii_only)
        for more in ([], ["--json"])
    )
    assert "gr\\xf6\\xdfe.csv" in plain.stdout
    assert json.loads(document.stdout)["pointers"][0]["name"] == "größe.csv"


def test_the_missing_extra_is_one_document_too() -> None:
    code = "import sys; sys.modules['typer'] = None; from headwater.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "stats", "--json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == {
        "error": {
            "code": "missing_extra",
            "message": "typer is not installed",
            "hint": "pip install 'headwater[cli]'",
        }
    }


def test_an_interrupt_is_quiet_and_exits_130() -> None:
    code = (
        "import headwater.cli.manage as m\n"
        "def interrupted(): raise KeyboardInterrupt\n"
        "m.catalogue = interrupted\n"
        "from headwater.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "queries", "list"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
