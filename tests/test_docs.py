"""The documentation is true: commands have sections, examples run, the README prints what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import headwater
from headwater.cli.app import app
from headwater.cli.context import options
from headwater.graph.connect import configure
from headwater.graph.facts import Annotation, Input, Output, RunFact, Status
from headwater.graph.measures import Measured, Terms
from headwater.sdk.artifacts.saved import save_value
from headwater.sdk.artifacts.where import open_artifacts

ROOT = Path(__file__).resolve().parents[1]
CLI_PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", CLI_PAGE, re.MULTILINE | re.DOTALL))


def _commands() -> dict[str, set[str]]:
    """Each command with its options."""
    group = typer.main.get_command(app)
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {}).values() or [command]
        found[name] = {
            option for one in inner for param in one.params for option in param.opts if option.startswith("--")
        }
    return found


def _examples() -> list[str]:
    blocks = [
        block
        for name, text in SECTIONS.items()
        if name not in {"demo", "serve", "mcp", "forget"}  # run by tests of their own
        for block in re.findall(r"```\n(.*?)```", text, re.DOTALL)
    ]
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_has_a_section_with_an_example() -> None:
    assert SECTIONS.keys() == _commands().keys()
    assert all(f"headwater {name}" in text for name, text in SECTIONS.items())


def test_every_option_is_named_in_its_section() -> None:
    missing = {
        (name, option)
        for name, found in _commands().items()
        for option in found - {"--json", "--help"}
        if not re.search(rf"{option}\b", SECTIONS[name])
    }
    # `impact` says that it has the options of `trace`, and its examples show them.
    assert missing == set()


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small pipeline in a store of its own, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_STORE", "sqlite:///lineage.db")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    stages = [
        ("r1", "clean", "raw.csv", "clean.csv"),
        ("r2", "train", "clean.csv", "m.joblib"),
        ("r3", "predict", "m.joblib", "out.csv"),
    ]
    with headwater.connect() as lineage:
        for n, (run, component, read, wrote) in enumerate(stages):
            at = start + timedelta(minutes=n)
            lineage.record([RunFact(run, component, Status.COMPLETED, at, at, (Input(read),), (Output(wrote),))])
        lineage.record([Annotation("out.csv@r3", "label", "c-17", key="client")])
        saved = save_value(open_artifacts(str(tmp_path / "artifacts")), {"recall": 0.9}, "metrics")
        outputs = (Output("metrics", saved.digest),)
        lineage.record([RunFact("r4", "evaluate", Status.COMPLETED, start, start, (), outputs)])
        lineage.record([Measured("predict", "recall", "r3", 0.8, 120, "7 d", Terms(">= 0.9"), at=start)])
    yield
    options.json = False


@pytest.mark.parametrize("example", _examples())
@pytest.mark.usefixtures("pipeline")
def test_each_example_of_the_command_line_runs(example: str) -> None:
    _, *words = shlex.split(example)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.exception) == (0, None), done.output


def test_the_python_of_the_readme_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    space: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), space)
    configure("sqlite:///other.db").close()
    assert capsys.readouterr().out.splitlines() == ["['train', 'clean']", "3", "['clean']"]
