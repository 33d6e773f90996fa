"""How often the ranking names the true cause, on faults whose cause is known.

    python benchmarks/ranking.py FILE... [--json]

Each fault is a set of traces (bad ones flagged) with the elements that each holds, and the element that was really at
fault. It becomes a graph, element -> trace, and goes through the kernel that the product ranks with.

Ties: an element stands at the middle of the places that its score shares, whatever the product would show first. A
cause that shares the first place is then no top-1: strict on formulas with many ties, on frequency above all.
Top-k counts a fault whose cause stands at k or better, MRR is the mean of 1 / place, EXAM the mean of place / elements
(the share that a person inspects in vain and at last not; lower is better). A cause that no trace holds is not found:
0 in all but EXAM, where it is 1. Intervals are bootstrap percentiles (95 %) over faults. The control ranks the same
traces with the flags shuffled within each fault: what a formula gains without any knowledge of what went wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias, TypeVar

from headwater.graph.ranking import FORMULAS, rank, spectra

SEED = 20220823
RESAMPLES = 2000
SHUFFLES = 20
METRICS = ("top1", "top3", "top5", "mrr", "exam")

T = TypeVar("T")
Scores: TypeAlias = dict[str, float]
ByFormula: TypeAlias = dict[str, T]
Document: TypeAlias = dict[str, Any]


class BadFile(Exception):
    """A file that cannot be read as faults; the message names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One injected fault: its true cause, the elements of each trace, and which traces are flagged."""

    truth: str
    traces: tuple[tuple[str, ...], ...]
    flags: tuple[bool, ...]


def read_faults(path: Path) -> list[Fault]:
    """Return the faults of a file; raises BadFile."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as exc:
        raise BadFile(f"{path}: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise BadFile(f"{path}: not JSON: {exc}") from exc
    faults = _field(document, "faults", list, str(path))
    if not faults:
        raise BadFile(f"{path}: 'faults' is empty")
    return [_fault(fault, f"{path}: fault {i}") for i, fault in enumerate(faults, 1)]


def _fault(document: object, where: str) -> Fault:
    truth = _field(document, "truth", str, where)
    traces = _field(document, "traces", list, where)
    if not traces:
        raise BadFile(f"{where}: 'traces' is empty")
    places = [f"{where}, trace {i}" for i in range(1, len(traces) + 1)]
    elements = [_names(trace, place) for trace, place in zip(traces, places, strict=True)]
    flags = [_field(trace, "flagged", bool, place) for trace, place in zip(traces, places, strict=True)]
    return Fault(truth, tuple(elements), tuple(flags))


def _names(trace: object, where: str) -> tuple[str, ...]:
    names = _field(trace, "services", list, where)
    if not all(isinstance(name, str) for name in names):
        raise BadFile(f"{where}: 'services' holds something other than text")
    return tuple(names)


def _field(document: object, key: str, kind: type[T], where: str) -> T:
    if not isinstance(document, dict):
        raise BadFile(f"{where}: an object is needed, not {type(document).__name__}")
    if key not in document:
        raise BadFile(f"{where}: {key!r} is missing")
    value = document[key]
    if not isinstance(value, kind):
        raise BadFile(f"{where}: {key!r} must be {kind.__name__}, not {type(value).__name__}")
    return value


def measure(fault: Fault, flags: Sequence[bool]) -> ByFormula[Scores]:
    """Return the metrics of one fault for each formula, with these flags on its traces."""
    # A trace is known by its place: the public data repeat some ids within a fault.
    bad = [i for i, flagged in enumerate(flags) if flagged]
    good = [i for i, flagged in enumerate(flags) if not flagged]
    edges: list[tuple[str | int, str | int]] = [(name, i) for i, names in enumerate(fault.traces) for name in names]
    elements = {source for source, _ in edges}
    found = spectra(bad, good, edges, elements)
    scores = {}
    for formula in FORMULAS:
        groups = rank(found, len(bad), len(good), formula, order=str)
        places = [(group.first + group.last) / 2 for group in groups if fault.truth in group.members]
        scores[formula] = score(places[0] if places else None, len(elements))
    return scores


def score(place: float | None, elements: int) -> Scores:
    """Return the metrics of a cause at this place, or of one that was not found, among so many elements."""
    if place is None:
        return dict.fromkeys(METRICS, 0.0) | {"exam": 1.0}
    top = {f"top{k}": float(place <= k) for k in (1, 3, 5)}
    return {**top, "mrr": 1 / place, "exam": place / elements}


def report(faults: Sequence[Fault]) -> Document:
    """Return the document that `--json` prints; the same faults give the same document."""
    measured = [measure(fault, fault.flags) for fault in faults]
    dice = random.Random(SEED)
    samples = [dice.choices(range(len(faults)), k=len(faults)) for _ in range(RESAMPLES)]
    formulas = {}
    for formula in FORMULAS:
        scores = [by_formula[formula] for by_formula in measured]
        formulas[formula] = {**mean(scores), "interval": intervals(scores, samples)}
    return {"faults": len(faults), "formulas": formulas, "control": control(faults)}


def mean(scores: Sequence[Scores]) -> Scores:
    """Return the mean of each metric."""
    return {metric: fmean(score[metric] for score in scores) for metric in METRICS}


def intervals(scores: Sequence[Scores], samples: Iterable[Sequence[int]]) -> dict[str, list[float]]:
    """Return the 2.5th and 97.5th percentile of each metric's mean over the samples, which hold places in `scores`."""
    samples = list(samples)
    found = {}
    for metric in METRICS:
        values = [score[metric] for score in scores]
        means = sorted(fmean([values[i] for i in sample]) for sample in samples)
        tail = round(0.025 * len(means))
        found[metric] = [means[tail], means[-1 - tail]]
    return found


def control(faults: Sequence[Fault]) -> ByFormula[Scores]:
    """Return the mean metrics when the flags are shuffled within each fault, over all shuffles."""
    dice = random.Random(SEED)
    measured = [measure(fault, dice.sample(fault.flags, len(fault.flags))) for _ in range(SHUFFLES) for fault in faults]
    return {formula: mean([by_formula[formula] for by_formula in measured]) for formula in FORMULAS}


def table(document: Mapping[str, Any]) -> str:
    """Return the document as a table for people."""
    lines = [
        f"{document['faults']} faults; [95 % bootstrap interval over faults]",
        "ties at the middle of their places: a shared first place is no top-1",
        "".join(["formula".ljust(12), *(metric.rjust(22) for metric in METRICS)]),
    ]
    for formula, scores in document["formulas"].items():
        cells = [f"{scores[m]:.3f} [{low:.3f}, {high:.3f}]".rjust(22) for m, (low, high) in scores["interval"].items()]
        lines.append("".join([formula.ljust(12), *cells]))
    lines.append(f"control: flags shuffled within each fault, mean of {SHUFFLES}")
    for formula, scores in document["control"].items():
        cells = [f"{scores[m]:.3f}{'':15}".rjust(22) for m in METRICS]
        lines.append("".join([formula.ljust(12), *cells]).rstrip())
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of the files; return the exit code: 0, or 1 for a file that cannot be used."""
    parser = argparse.ArgumentParser(prog="ranking", description="How often the ranking names the true cause.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="faults with their true cause, JSON")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    options = parser.parse_args(arguments)
    try:
        faults = [fault for path in options.files for fault in read_faults(path)]
    except BadFile as exc:
        print(f"ranking: {exc}", file=sys.stderr)
        return 1
    document = report(faults)
    print(json.dumps(document, allow_nan=False) if options.json else table(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
