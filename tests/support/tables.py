"""Tables as a test reads them: from its own folder, as runs and as what is wrong with a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headwater.graph.facts import RunFact
from headwater.loaders.base import Item, Problem
from headwater.loaders.table import TableLoader


def read(tmp_path: Path, content: str | bytes, file: str = "t.csv", **options: Any) -> list[Item | Problem]:
    path = tmp_path / file
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(TableLoader(**options).read(str(path)))


def runs(found: list[Item | Problem]) -> list[RunFact]:
    facts = [fact for one in found if isinstance(one, Item) for fact in one.facts]
    return [fact for fact in facts if isinstance(fact, RunFact)]


def problems(found: list[Item | Problem]) -> list[tuple[int | None, str]]:
    return [(one.place.line, one.reason) for one in found if isinstance(one, Problem)]
