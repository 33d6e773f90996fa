"""The page about notebooks is true: its programs run against a service, print what they say, and draw its picture."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

import headwater
from headwater.api.tokens import Scope, TokenFolder
from tests.support.http_service import pipeline, process

LIKE = 0.01


def test_the_python_of_the_page_prints_and_draws_what_it_shows(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (checkout / "docs" / "notebooks.md").read_text("utf-8"), re.DOTALL)
    said = [line for block in blocks for line in re.findall(r"(?:^|  )# ([\[{].*)$", block, re.MULTILINE)]
    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path}/lineage.db"
    with headwater.connect(store) as lineage:
        lineage.record(pipeline())
    _, token = TokenFolder(tmp_path / "tokens").add("notebook", [Scope.READ])
    with process(store, "--port", "0", folder=tmp_path) as (url, _):
        monkeypatch.setenv("HEADWATER_URL", url)
        monkeypatch.setenv("HEADWATER_TOKEN", token)
        space: dict[str, object] = {}
        for block in blocks:
            exec(compile(block, "notebooks.md", "exec"), space)
    assert capsys.readouterr().out.splitlines() == said
    drawn, shown = imread("trace.png"), imread(checkout / "docs" / "trace.png")
    assert drawn.shape == shown.shape
    assert np.abs(drawn - shown).mean() < LIKE
    space["lineage"].close()  # type: ignore[attr-defined]
