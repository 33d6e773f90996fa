"""How single things read: names, times, durations, nodes. Nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from headwater.graph.erasure import Erased
from headwater.graph.model import Node, Pointer, Run
from headwater.ids import is_external, split_state_id

MAX_LINES = 200
# The label of a state that a deletion has found and nobody can make again yet.
QUARANTINED = "quarantined"
_STYLES = {"completed": "green", "failed": "red", "aborted": "yellow", "running": "cyan"}
_LONGEST_VALUE = 120
_TAIL = 8
_BARS = "▁▂▃▄▅▆▇█"


def shown(text: str) -> str:
    """Return text that cannot steer a terminal: names are opaque, and one may hold line ends or escape codes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def brief(value: object) -> str:
    """Return a parameter's value on one line, cut where it becomes too long for people."""
    text = shown(value if isinstance(value, str) else repr(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text):,} characters)"


def when(at: datetime | None) -> str:
    """Return a time in UTC to the second."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def sparkline(values: Sequence[float | None]) -> str:
    """Return values as a row of bars between the least and the greatest of them; a gap where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    least, span = min(known), (max(known) - min(known)) or 1.0
    top = len(_BARS) - 1
    return "".join(" " if value is None else _BARS[round(top * ((value - least) / span))] for value in values)


def duration(run: Run) -> str:
    """Return how long a run took, in the largest fitting unit; empty while it has no end."""
    if run.ended_at is None:
        return ""
    seconds = max(run.ended_at - run.started_at, timedelta(0)).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s"


def status(run: Run) -> Text:
    """Return the status in its colour."""
    return Text(run.status.value, _STYLES[run.status.value])


def component(run: Run | None) -> str:
    """Return the component's name, or `run` while no fact has named it."""
    return shown(run.component) if run is not None and run.component is not None else "run"


def caption(node: Node, *, whole: bool = True) -> Text:
    """Return a node as one line; a state by its name and maker, which is cut to its end unless `whole`."""
    text = _state(node, whole) if isinstance(node, Pointer) else _run(node)
    if node.flagged:
        text.append("  flagged", "bold red")
    if QUARANTINED in node.labels:
        text.append("  quarantined", "yellow")
    return text if node.erased is None else text.append(f"  {erased(node.erased)}", "yellow")


def erased(found: Erased) -> str:
    """Return when and for which request something was erased."""
    return f"erased on {found.at:%Y-%m-%d} for request {shown(found.request)}"


def _state(pointer: Pointer, whole: bool) -> Text:
    _, maker = split_state_id(pointer.id) or ("", "")
    is_whole = whole or is_external(maker)
    return Text(shown(pointer.name), "bold").append(f"  {shown(maker) if is_whole else _tail(maker)}", "dim")


def _tail(run: str) -> str:
    """The end of an id: those that sort by time begin alike."""
    return shown(run if len(run) <= _TAIL else f"…{run[-_TAIL:]}")


def _run(run: Run) -> Text:
    facts = (when(run.started_at), duration(run))
    text = Text(component(run), "magenta").append(f"  {shown(run.id)}  ").append(status(run))
    return text.append(f"  {'  '.join(filter(None, facts))}", "dim")
