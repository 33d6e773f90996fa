"""Failures at the command line: a name, what to do, the exit code, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headwater.cli.app import app
from headwater.cli.context import options


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///lineage.db")
    yield
    options.json = False


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["trace", "nobody"], "unknown_pointer"),
        (["impact", "nobody"], "unknown_pointer"),
        (["between", "nobody", "nothing"], "unknown_pointer"),
        (["rank", "nobody"], "unknown_pointer"),
        (["flag", "nobody"], "unknown_pointer"),
        (["unflag", "nobody"], "unknown_pointer"),
        (["stale", "nobody"], "unknown_pointer"),
        (["diff", "nobody", "nothing"], "unknown_pointer"),
        (["inspect", "nobody"], "unknown_run"),
        (["history", "nobody"], "unknown_component"),
        (["recent", "--cursor", "bogus"], "invalid_cursor"),
        (["review", "--formula", "bogus"], "usage"),
        (["search", ""], "usage"),
        (["queries", "show", "bogus"], "unknown_query"),
    ],
)
def test_a_named_failure_is_one_document_and_exit_one(words: list[str], code: str) -> None:
    for given in (["--json", *words], [*words, "--json"]):
        done = CliRunner().invoke(app, given)
        assert done.exit_code == 1
        assert done.stderr == ""
        failure = json.loads(done.stdout)
        assert failure["error"].keys() == {"code", "message", "hint"}
        assert failure["error"]["code"] == code


def test_people_read_the_message_and_what_to_do() -> None:
    done = CliRunner().invoke(app, ["trace", "nobody\x1b[2J"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        r"headwater: no pointer has the name, id or digest 'nobody\x1b[2J'",
        "  `headwater search TEXT` lists the names that contain a text",
    ]


@pytest.mark.parametrize("url", ["nonsense", "sqlite://x", "sqlite:///", "bolt://", "http://"])
def test_a_malformed_url_is_named(url: str) -> None:
    done = CliRunner().invoke(app, ["--store", url, "stats", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (1, "invalid_store_url")


@pytest.mark.parametrize(
    "words",
    [
        ["trace"],
        ["trace", "x", "--depth", "-1"],
        ["trace", "x", "--time", "nan"],
        ["trace", "x", "--as-of", "yesterday"],
        ["trace", "x", "--format", "png"],
        ["rank", "x", "--label", "client"],
        ["stale", "--max-age", "1e20"],
        ["history", "x", "--limit", "1001"],
        ["trace", "\udcff.csv"],
    ],
)
def test_wrong_usage_exits_two(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Error: " in done.stderr


def test_no_command_is_help_and_wrong_usage() -> None:
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 2
    assert "Commands:" in done.output
