"""Headwater's own facts, one JSON document a line: they carry everything, to the time of each field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar, TextIO

from headwater.graph.wire import fact_to_dict
from headwater.loaders.exporting import Exported

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class FactsExporter:
    """Writes what the kind `facts` reads."""

    kind: ClassVar[str] = "facts"
    loss: ClassVar[str] = ""

    def write(self, what: Exported, to: TextIO) -> None:
        """Write one line a fact."""
        to.writelines(f"{_encode(fact_to_dict(fact))}\n" for fact in what.facts())
