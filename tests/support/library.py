"""What checks of the component library have found."""

from __future__ import annotations

from typing import Any, cast

from headwater.graph.facts import TriggerResult


def value_of(found: TriggerResult) -> dict[str, Any]:
    """Return the figures of a check."""
    return cast("dict[str, Any]", found.value)


def found_in(found: TriggerResult, key: str = "column") -> list[str]:
    """Return one field of each finding."""
    return [str(one[key]) for one in value_of(found)["findings"]]


def told(found: TriggerResult) -> tuple[str, str | None]:
    """Return the outcome and the message."""
    return found.outcome, found.message
