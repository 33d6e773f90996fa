"""What one run has touched, and what that makes of the run when it ends.

Knows nothing of how it is found out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from headwater.graph.facts import infer_type
from headwater.sdk.autolog.files import MOST_FILES, Files
from headwater.sdk.autolog.models import Models
from headwater.sdk.claims import Claim
from headwater.sdk.run import RunLog


class Touched:
    """Takes what a run touches, from any thread that runs in its context."""

    __slots__ = ("_run", "files", "models")

    def __init__(self, run: RunLog) -> None:
        self._run = run
        self.files = Files(run.started_at)
        self.models = Models(run)

    def warn(self, line: str) -> None:
        """Keep a line with the run, once."""
        if line not in self._run.warnings:
            self._run.warnings.append(line)

    def tell(self) -> None:
        """Add to the run what it did not say itself: each file, address and model once, under the name that it said."""
        run, read, written = self._run, self.files.read(), self.files.written()
        has_read_a_model = any(infer_type(claim.name) == "model" for claim in (*run.inputs, *read))
        read += self.models.used(are_from_files=has_read_a_model)
        self._add(run.inputs, [(claim, None) for claim in read], written=False)
        self._add(run.outputs, [*((claim, None) for claim in written), *self.models.fitted()], written=True)
        if self.files.is_full:
            run.warnings.append(f"auto_log: more than {MOST_FILES:,} files; the others are not recorded")

    def _add(self, said: list[Claim], found: Iterable[tuple[Claim, object]], *, written: bool) -> None:
        """Add, and save, the claims about nothing that was said: no such name, no such file, no such content."""
        keys = {key for claim in said for key in _keys(claim)}
        for claim, value in found:
            if keys.isdisjoint(_keys(claim)):
                said.append(claim)
                self._run.kept(value, [claim], written=written)


def _keys(claim: Claim) -> Iterable[object]:
    yield os.path.abspath(claim.name)  # noqa: PTH100  # Path.absolute keeps `..`
    if claim.mark is not None:
        yield claim.mark.device, claim.mark.inode
    if claim.digest is not None:
        yield claim.digest
