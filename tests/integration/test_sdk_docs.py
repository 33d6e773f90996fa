"""The pages about components and what they keep are true: their examples run in order and print what they say."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import headwater
from headwater.graph.connect import configure
from tests.support.recorded import recording_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    def to_default(facts: object) -> None:
        headwater.default().record(facts)  # type: ignore[arg-type]

    with recording_in(tmp_path, monkeypatch, to_default):
        yield tmp_path
        configure("sqlite:///other.db").close()


@pytest.mark.parametrize("page", ["components.md", "library.md", "artifacts.md", "metrics.md"])
@pytest.mark.usefixtures("folder")
def test_the_python_of_the_page_prints_what_it_says(
    checkout: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (checkout / "docs" / page).read_text("utf-8"), re.DOTALL)
    said = [line for block in blocks for line in re.findall(r"(?:^|  )# (.*)$", block, re.MULTILINE)]
    space: dict[str, object] = {}
    for number, block in enumerate(blocks):
        name = f"{page}, example {number}"
        linecache.cache[name] = (len(block), None, block.splitlines(keepends=True), name)
        exec(compile(block, name, "exec"), space)
    assert capsys.readouterr().out.splitlines() == said
