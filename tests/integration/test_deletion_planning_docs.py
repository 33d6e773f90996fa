"""The page about planning deletions is true: its example prints what it says, its drawing is planned as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.deletion.planning import plan
from headwater.deletion.policy import Facts, load_policy
from headwater.deletion.situation import Target
from headwater.testing.rules import ran
from headwater.testing.surveys import expected_situation


def test_the_python_of_the_page_prints_what_it_says(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (checkout / "docs" / "deletion-planning.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)

    space: dict[str, object] = {}
    for block in blocks:
        exec(block, space)
    space["lineage"].close()  # type: ignore[attr-defined]

    said = [line for block in blocks for line in re.findall(r"(?:^|  )# (.*)$", block, re.MULTILINE)]
    assert capsys.readouterr().out.splitlines() == said


def test_every_condition_of_rules_stands_in_the_page(checkout: Path) -> None:
    page = (checkout / "docs" / "deletion-planning.md").read_text("utf-8")

    assert [name for name in Facts._fields if f"`{name}`" not in page] == []


def test_the_drawing_takes_three_reruns() -> None:
    facts = [
        ran("clean-monday", 0, 1, ["clients/c42.csv"], ["clean.csv"]),
        ran("train", 2, 3, ["clean.csv"], ["taxi.pkl"]),
        ran("report", 2, 3, ["clean.csv"], ["report.html"]),
        ran("clean-tuesday", 4, 5, ["other.csv"], ["clean.csv"]),
        ran("tune", 6, 7, ["taxi.pkl"], ["taxi.pkl"]),
    ]

    found = plan(expected_situation(facts, [Target("q", ("clients/c42.csv@external",))]), load_policy())

    assert [[one.run for one in wave] for wave in found.waves] == [["report", "train"], ["tune"]]
    assert all(stand_in != "clean.csv@clean-monday" for one in found.reruns for _, stand_in in one.reads)
    assert found.is_minimum
