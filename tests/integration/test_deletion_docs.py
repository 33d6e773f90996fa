"""The pages about deletions are true: their commands run one after the other, their Python prints what it says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import headwater
from headwater.cli.app import app
from headwater.cli.context import options
from headwater.deletion.configuration import load_configuration
from headwater.deletion.policy import load_policy
from headwater.graph.connect import configure
from headwater.graph.facts import Annotation
from tests.support.forgetting import pipeline

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "deletion.md").read_text(encoding="utf-8")
SECTION = re.findall(r"^## forget\n(.*?)(?=^## )", (DOCS / "cli.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a store that holds the pipeline, and who reruns it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///store.db")
    (tmp_path / ".headwater").mkdir()
    (tmp_path / ".headwater" / "forget.toml").write_text('[[rerun]]\ncomponent = "*"\ncommand = "true"\n')
    with headwater.connect() as lineage:
        lineage.record(pipeline("c42"))
        lineage.record([Annotation("out.csv@r4", "label", "c-17", key="client")])
    yield tmp_path
    options.json = False


def run(line: str) -> Result:
    options.json = False
    return CliRunner().invoke(app, shlex.split(line)[1:])


def commands(text: str) -> list[str]:
    return [line for block in re.findall(r"```\n(headwater .*?)```", text, re.DOTALL) for line in block.splitlines()]


@pytest.mark.usefixtures("here")
def test_the_commands_of_the_page_are_a_session() -> None:
    lines = commands(PAGE)

    for line in lines:
        done = run(line)
        assert (done.exit_code, done.exception) == (0, None), f"{line}: {done.output}"
    assert len(lines) == 9


@pytest.mark.usefixtures("here")
def test_the_commands_of_the_command_line_are_a_session() -> None:
    lines = commands(SECTION)

    for line in lines:
        done = run(filled(line))
        assert (done.exit_code, done.exception) == (0, None), f"{line}: {done.output}"
    assert len(lines) == 14


def filled(line: str) -> str:
    """Return a command with the ids of this store."""
    if "DIGEST" in line:
        return line.replace("DIGEST", json.loads(run("headwater forget list --json").output)["head"]["digest"])
    if "REQUEST" in line:
        made = json.loads(run("headwater forget request clean.csv --reason r --json").output)
        return line.replace("REQUEST", made["request"]["id"])
    return line


def test_the_python_of_the_page_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    [block] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    exec(compile(block, "deletion.md", "exec"), {})

    configure("sqlite:///other.db").close()
    assert capsys.readouterr().out.splitlines() == re.findall(r"\)  # (.*)$", block, re.MULTILINE)


def test_the_configuration_of_the_page_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RERUN_SECRET", "s3cret")
    [block] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "forget.toml").write_text(block)

    found = load_configuration(tmp_path / "forget.toml")

    assert found.is_four_eyes
    assert [pattern for pattern, _ in found.rerunners.known] == ["train", "*"]
    assert [pattern for pattern, _ in found.removers.known] == ["clients/*", "s3://*"]


def test_the_laws_of_the_page_are_in_the_policy() -> None:
    assert {"gdpr", "ccpa"} <= load_policy().terms.keys()
