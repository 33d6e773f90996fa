"""The table: rows of figures and their Markdown. Knows nothing of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADINGS = ("what", "store", "Headwater", "beside it", "takes", "speed", "aim")


@dataclass(frozen=True, slots=True)
class Aim:
    """What a row should reach, in words, and whether it did."""

    text: str
    is_met: bool

    def __str__(self) -> str:
        return f"{self.text}: {'met' if self.is_met else '**missed**'}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement, and what stands beside it.

    `speed` is how fast Headwater is in units of that: 2 is twice as fast, 0.5 half as fast.
    """

    what: str
    store: str
    ours: str
    beside: str = ""
    theirs: str = ""
    speed: float | None = None
    aims: tuple[Aim, ...] = ()

    def cells(self) -> tuple[str, ...]:
        """Return the row's texts in the order of HEADINGS."""
        speed = "" if self.speed is None else f"{self.speed:,.2f}" if self.speed < 100 else f"{self.speed:,.0f}"
        return self.what, self.store, self.ours, self.beside, self.theirs, speed, "; ".join(map(str, self.aims))


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one subject; `note` says what exactly was measured."""

    title: str
    note: str
    rows: Sequence[Row]


def markdown(sections: Iterable[Section]) -> str:
    """Return the sections as Markdown, with columns padded so that the text reads as a table too."""
    return "\n\n".join(f"## {section.title}\n\n{section.note}\n\n{_grid(section.rows)}" for section in sections)


def _grid(rows: Sequence[Row]) -> str:
    cells = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def as_time(seconds: float) -> str:
    """Return a duration with the unit that suits it."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1_000_000:.0f} us"


def as_rate(count: int, seconds: float, unit: str = "runs/s") -> str:
    """Return how many were done in a second."""
    return f"{count / seconds:,.0f} {unit}"


def as_memory(size_bytes: int) -> str:
    """Return a size in MB (10^6 bytes)."""
    return f"{size_bytes / 1_000_000:.0f} MB"
