"""What a check found, in words and as JSON: the column, the figure, the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from headwater.errors import InvalidFact
from headwater.graph.facts import TriggerResult
from headwater.graph.values import JSON, canonical

_MOST_TOLD = 5
_LEAST_P = 1e-16
_MOST_KEPT = 100
_MOST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure of a column that is beyond its threshold. `p` is adjusted for the number of tests; `note` says more."""

    column: str
    measure: str
    figure: float | str
    threshold: float | str
    p: float | None = None
    note: str = ""

    def __str__(self) -> str:
        chance = "" if self.p is None else f" (p {self.p:.1g})" if self.p > _LEAST_P else f" (p < {_LEAST_P:g})"
        note = f", {self.note}" if self.note else ""
        return f"{self.column}: {self.measure} {short(self.figure)}, threshold {short(self.threshold)}{chance}{note}"


def verdict(findings: Sequence[Finding], good: str, figures: Mapping[str, JSON] | None = None) -> TriggerResult:
    """Return the result of a check: failed with the first findings in words, or passed with what was good.

    Its value holds the figures and up to 100 findings.
    """
    value: dict[str, JSON] = {**(figures or {}), "findings": [_document(one) for one in findings[:_MOST_KEPT]]}
    if not findings:
        return TriggerResult("passed", _text(good), _storable(value))
    value["found"] = len(findings)
    told = _text("; ".join(map(str, findings[:_MOST_TOLD])))
    more = len(findings) - _MOST_TOLD
    return TriggerResult("failed", f"{told}; and {more} more" if more > 0 else told, _storable(value))


def short(figure: float | str) -> str:
    """Return a figure with at most four digits."""
    return figure if isinstance(figure, str) else f"{figure:.4g}"


def rounded(figure: float) -> float:
    """Return a figure as it is kept: with four digits."""
    return float(f"{figure:.4g}")


def _storable(value: JSON) -> JSON:
    """Return the value if a store can hold it, else nothing: the outcome and its message must not be lost for it."""
    try:
        canonical(value)
    except InvalidFact:
        return None
    return value


def _text(text: str) -> str:
    """Return a text that every store can hold: names of columns and levels may be anything."""
    return text[:_MOST_MESSAGE].replace("\0", "").encode("utf-8", "backslashreplace").decode()


def _document(finding: Finding) -> JSON:
    return cast("dict[str, JSON]", {key: value for key, value in asdict(finding).items() if value not in (None, "")})
