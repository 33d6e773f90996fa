"""How the demo looks: numbered steps with the command beside them, trees and short tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from headwater.graph.answer import Answer
from headwater.graph.model import Pointer, Run

_MOST_EXTERNAL = 3


class Screen:
    """Where the steps are printed; counts them."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._steps = 0

    def step(self, question: str, command: str | None = None) -> None:
        """Begin a step: what is asked, and what a user would type to get the same answer."""
        self._steps += 1
        self.console.print()
        self.console.rule(Text(f"{self._steps}  {question}", "bold"), align="left", style="dim")
        if command:
            self.type(f"$ {command}")
        self.console.print()

    def type(self, text: str) -> None:
        """Show text to be copied, which no narrow screen may break."""
        self.console.print(Text(text, "cyan"), soft_wrap=True)

    def say(self, text: str) -> None:
        """Print a sentence or two; [bold] and the like mark it up."""
        self.console.print(text)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table; a head that begins with `>` is set to the right."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for head in heads:
            table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def tree(self, answer: Answer) -> None:
        """Print a trace as a tree: each state with the run that made it, below it what that run read."""
        self.console.print(_Branches(answer).grow())


def when(at: datetime) -> str:
    """Return a time as short text in UTC, like `20 Mar 23:00`."""
    return f"{at.day} {at:%b %H:%M}"


def about(run: Run) -> str:
    """Return the words that a reader knows a run by: component and start."""
    return f"{escape(str(run.component))} {when(run.started_at)}"


class _Branches:
    """A tree over a trace in which each state is drawn once, and many files from outside as a number."""

    def __init__(self, trace: Answer) -> None:
        self._start = trace.start[0]
        self._states: dict[str, Pointer] = {state.id: state for state in trace.pointers()}
        self._runs: dict[str | None, Run] = {run.id: run for run in trace.runs()}
        self._read: dict[str | None, list[str]] = {}
        for edge in sorted(trace.edges):
            if edge.kind == "consumed_by":
                self._read.setdefault(edge.target, []).append(edge.source)
        self._drawn: set[str] = set()

    def grow(self) -> Tree:
        root = Tree(self._label(self._start), guide_style="dim")
        self._below(root, self._start)
        return root

    def _below(self, branch: Tree, state: str) -> None:
        read = self._read.get(self._states[state].run, [])
        outside = [source for source in read if self._states[source].run is None]
        few = len(outside) <= _MOST_EXTERNAL
        for source in read if few else [source for source in read if source not in outside]:
            self._draw(branch, source)
        if not few:
            branch.add(f"[dim]{self._states[outside[0]].name} and {len(outside) - 1} more from outside[/]")

    def _draw(self, branch: Tree, state: str) -> None:
        if state in self._drawn:
            branch.add(f"{self._label(state)}  [dim]drawn above[/]")
            return
        self._drawn.add(state)
        self._below(branch.add(self._label(state)), state)

    def _label(self, state: str) -> str:
        pointer = self._states[state]
        maker = self._runs.get(pointer.run)
        beyond = "  [dim]...[/]" if pointer.run else ""
        made = f"  [dim]by[/] [yellow]{about(maker)}[/]" if maker else beyond
        return f"{pointer.name}{made}{'  [red]flagged[/]' if pointer.flagged else ''}"
