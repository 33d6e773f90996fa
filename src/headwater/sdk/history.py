"""The earlier runs of a component, read from the store when a trigger looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from headwater.errors import StoreBusy, UnknownComponent, UnknownPointer
from headwater.graph.connect import default
from headwater.graph.model import Pointer, Run
from headwater.sdk import recording

DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run with what it wrote."""

    run: Run
    outputs: Sequence[Pointer]

    def load(self, name: str, *, format: str | None = None) -> Any:  # noqa: A002  # the field's word
        """Return the value that the run wrote under this name, from the artifact store, as `headwater.load` does.

        Raises UnknownPointer, UnknownArtifact, PickledArtifact, DamagedArtifact, ArtifactsUnavailable.
        """
        from headwater.sdk.artifacts.loading import load_state

        found = [pointer for pointer in self.outputs if pointer.name == name]
        if not found:
            raise UnknownPointer(f"the run {self.run.id} wrote no {name!r}", hint="`outputs` has what it wrote")
        return load_state(found[0], format)


@dataclass(frozen=True, slots=True)
class History:
    """The runs of one component before the current one, newest first, whichever machine they ran on.

    Iterating asks the store, a page at a time; whoever needs five takes five. Raises StoreBusy when the store does not
    answer within DEADLINE_S seconds.
    """

    component: str
    current: str

    def __iter__(self) -> Iterator[PastRun]:
        cursor: str | None = None
        while True:
            answers: list[tuple[list[PastRun], str | None]] = []
            recording.recorder.ask(partial(self._read, cursor, answers), DEADLINE_S)
            if not answers:
                raise StoreBusy(f"the store does not tell the history of {self.component!r}")
            page, cursor = answers[0]
            yield from page
            if cursor is None:
                return

    def _read(self, cursor: str | None, answers: list[tuple[list[PastRun], str | None]]) -> None:
        lineage = default()
        try:
            page = lineage.history(self.component, cursor=cursor)
        except UnknownComponent:
            answers.append(([], None))
            return
        earlier = [run for run in page.runs if run.id != self.current]
        answers.append(([PastRun(run, lineage.inspect(run.id).outputs) for run in earlier], page.cursor))
