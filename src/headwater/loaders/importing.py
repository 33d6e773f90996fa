"""One import: a loader's facts go to a store in batches, with a report, and can be taken up again after a crash.

Facts are replay-proof, so what an interruption may repeat does no harm.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from headwater import clock
from headwater.errors import BadRecord
from headwater.graph.answer import Document
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, RunFact
from headwater.graph.store import Store
from headwater.loaders.base import Found, Item, Loader, Problem
from headwater.memory import collecting_rarely

BATCH_FACTS = 1_000
SHOWN_PROBLEMS = 20


@dataclass(slots=True)
class Report:
    """What an import read, made of it, kept without interpreting, and left out."""

    kind: str
    source: str
    is_dry_run: bool = False
    resumed_behind: int = 0
    read: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    opaque: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    warnings: int = 0
    problems: list[Problem] = field(default_factory=list)
    duration_s: float = 0.0

    def note(self, found: Found) -> None:
        """Count one thing that the loader found."""
        if isinstance(found, Problem):
            self.skipped += found.severity == "skipped"
            self.warnings += found.severity == "warning"
            if len(self.problems) < SHOWN_PROBLEMS:
                self.problems.append(found)
            return
        self.read[found.kind] += 1
        self.opaque.update(found.opaque)
        self.facts.update(map(_fact_kind, found.facts))

    def to_dict(self) -> Document:
        """Return the JSON document of the report."""
        problems = [{"place": str(p.place), "reason": p.reason, "severity": p.severity} for p in self.problems]
        counts = {"read": dict(self.read), "facts": dict(self.facts), "opaque": dict(self.opaque)}
        left_out = {"skipped": self.skipped, "warnings": self.warnings, "problems": problems}
        about = {"kind": self.kind, "source": self.source, "dry_run": self.is_dry_run}
        return {**about, "resumed_behind": self.resumed_behind, **counts, **left_out, "duration_s": self.duration_s}


def _fact_kind(fact: Fact) -> str:
    names: dict[type[Fact], str] = {
        RunFact: "runs",
        ComponentFact: "components",
        Annotation: "annotations",
        Erasure: "erasures",
    }
    return names[type(fact)]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A small file that says how many records of which state of a source are durable in the store."""

    path: Path
    fingerprint: str

    def done(self) -> int:
        """Return how many records may be passed over; none when the source has changed since."""
        try:
            found = json.loads(self.path.read_text())
            return int(found["records"]) if found["fingerprint"] == self.fingerprint else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def put(self, records: int) -> None:
        """Write down that so many records are durable; the file is replaced as a whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(json.dumps({"fingerprint": self.fingerprint, "records": records}))
        fresh.replace(self.path)

    def drop(self) -> None:
        """Forget it: the import came to its end."""
        self.path.unlink(missing_ok=True)


def import_source(
    store: Store | None,
    loader: Loader,
    source: str,
    *,
    is_strict: bool = False,
    checkpoint: Path | None = None,
    batch_facts: int = BATCH_FACTS,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Record everything that `loader` finds in `source`; with no store, only count it.

    A bad record is counted and left out; with `is_strict` it raises BadRecord, and what came before it stays recorded.
    `checkpoint` names a file that lets an interrupted import go on where it ended. `progress` is told the position.
    """
    report = Report(loader.kind, source, is_dry_run=store is None)
    since = clock.monotonic_s()
    mark = _checkpoint(loader, source, checkpoint if store is not None else None)
    report.resumed_behind = done = 0 if mark is None else mark.done()
    with collecting_rarely():
        for found in _batches(islice(loader.read(source), done, None), batch_facts):
            done += len(found)
            _keep(found, store, report, is_strict=is_strict)
            if mark is not None:
                mark.put(done)
            if progress is not None and (position := found[-1].position) is not None:
                progress(position)
    if mark is not None:
        mark.drop()
    report.duration_s = round(clock.monotonic_s() - since, 3)
    return report


def _checkpoint(loader: Loader, source: str, path: Path | None) -> Checkpoint | None:
    fingerprint = loader.fingerprint(source) if path is not None else None
    return None if path is None or fingerprint is None else Checkpoint(path, fingerprint)


def _batches(found: Iterator[Found], most_facts: int) -> Iterator[list[Found]]:
    """Give what was found in lists that hold about `most_facts` facts, and no more things than that."""
    batch: list[Found] = []
    facts = 0
    for one in found:
        batch.append(one)
        facts += len(one.facts) if isinstance(one, Item) else 0
        if max(facts, len(batch)) >= most_facts:
            yield batch
            batch, facts = [], 0
    if batch:
        yield batch


def _keep(found: list[Found], store: Store | None, report: Report, *, is_strict: bool) -> None:
    bad = next((i for i, one in enumerate(found) if isinstance(one, Problem) and one.severity == "skipped"), None)
    good = found if bad is None or not is_strict else found[:bad]
    if store is not None:
        store.record(fact for one in good if isinstance(one, Item) for fact in one.facts)
    for one in good:
        report.note(one)
    if is_strict and bad is not None:
        problem = found[bad]
        assert isinstance(problem, Problem)
        raise BadRecord(f"{problem.place}: {problem.reason}")
