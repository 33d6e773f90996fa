"""The earlier runs of a component, read from the store when a trigger looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headwater.errors import UnknownComponent
from headwater.graph.connect import default
from headwater.graph.model import Pointer, Run
from headwater.sdk import recording

_FLUSH_S = 2.0


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run with what it wrote."""

    run: Run
    outputs: Sequence[Pointer]


@dataclass(frozen=True, slots=True)
class History:
    """The runs of one component before the current one, newest first, whichever machine they ran on.

    Iterating asks the store, a page at a time; whoever needs five takes five. Raises StoreError.
    """

    component: str
    current: str

    def __iter__(self) -> Iterator[PastRun]:
        recording.recorder.flush(_FLUSH_S)
        lineage, cursor = default(), None
        while True:
            try:
                page = lineage.history(self.component, cursor=cursor)
            except UnknownComponent:
                return
            for run in page.runs:
                if run.id != self.current:
                    yield PastRun(run, lineage.inspect(run.id).outputs)
            if (cursor := page.cursor) is None:
                return
