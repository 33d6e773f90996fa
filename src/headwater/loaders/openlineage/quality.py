"""Tests and measurements that events tell of: each becomes the result of a trigger of the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from headwater.graph.facts import TriggerResult
from headwater.loaders.openlineage.facets import facet
from headwater.loaders.openlineage.reading import (
    Dataset,
    Object,
    an_object,
    malformed,
    objects,
    optional_text,
    text,
)

Outcome = Literal["passed", "failed"]
_OUTCOMES: dict[str, Outcome] = {"pass": "passed", "fail": "failed"}


def results(datasets: Iterable[Dataset]) -> dict[str, TriggerResult]:
    """Return the tests that were made on these datasets, and what was measured on them, by a name for each."""
    found: dict[str, TriggerResult] = {}
    for dataset in datasets:
        for facets, kind in ((dataset.facets, "facets"), (dataset.own, "inputFacets")):
            if (tests := facet(facets, "dataQualityAssertions")) is not None:
                _put_all(found, _assertions(tests, dataset, f"{dataset.at}/{kind}/dataQualityAssertions"))
            if (metrics := facet(facets, "dataQualityMetrics")) is not None:
                found |= _metrics(metrics, dataset, f"{dataset.at}/{kind}/dataQualityMetrics")
    return found


def tests(facets: Object) -> dict[str, TriggerResult]:
    """Return the results of the tests that a run made; one that was skipped has none."""
    found: dict[str, TriggerResult] = {}
    listed = (facet(facets, "test") or {}).get("tests")
    for one, at in objects(listed, "/run/facets/test/tests"):
        status = text(one, "status", at)
        if outcome := _OUTCOMES.get(status):
            _put_all(found, [(text(one, "name", at), _result(outcome, one, at))])
    return found


def _assertions(found: Object, dataset: Dataset, pointer: str) -> Iterator[tuple[str, TriggerResult]]:
    for one, at in objects(found.get("assertions"), f"{pointer}/assertions"):
        column = optional_text(one, "column", at)
        what = optional_text(one, "name", at) or text(one, "assertion", at)
        if not isinstance(one.get("success"), bool):
            raise malformed(f"{at}/success", f"is {one.get('success')!r}, neither true nor false")
        on = f"{dataset.named}.{column}" if column else str(dataset.named)
        yield f"{what}({on})", _result("passed" if one["success"] else "failed", one, at)


def _result(outcome: Outcome, told: Object, pointer: str) -> TriggerResult:
    return TriggerResult(outcome, optional_text(told, "description", pointer), dict(told))


def _metrics(found: Object, dataset: Dataset, pointer: str) -> dict[str, TriggerResult]:
    """Return what was measured on a dataset and its columns; a measurement is a result that has passed."""
    whole = {key: value for key, value in found.items() if key != "columnMetrics" and not key.startswith("_")}
    columns = an_object(found.get("columnMetrics") or {}, f"{pointer}/columnMetrics")
    measured = {f"metrics({dataset.named}.{column})": figures for column, figures in columns.items()}
    measured |= {f"metrics({dataset.named})": whole} if whole else {}
    return {key: TriggerResult("passed", value=figures) for key, figures in measured.items()}


def _put_all(found: dict[str, TriggerResult], results: Iterable[tuple[str, TriggerResult]]) -> None:
    """Add results; those of one name are numbered in the order in which they are told."""
    for name, result in results:
        key, number = name, 1
        while key in found and found[key] != result:
            number += 1
            key = f"{name}#{number}"
        found[key] = result
