"""Two steps of the tour: what runs on old inputs, and what the deletion of a customer would touch."""

from __future__ import annotations

from collections import Counter

from headwater.demo.screen import Screen, about, when
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.staleness import Cause
from headwater.graph.model import Pointer, Run
from headwater.ids import split_state_id

_LINES = 5


def show_stale(screen: Screen, lineage: Lineage) -> None:
    """Print which components' newest runs read something stale, each with the edge that proves it."""
    screen.step("What is stale?", "headwater stale")
    found = lineage.stale_components()
    causes = [cause for one in found for cause in one.causes if not cause.is_inherited]
    screen.table(("newest run", "read", "made", "stale because"), [_proof(lineage, cause) for cause in causes])
    heirs = [lineage.inspect(one.of).run.component for one in found if one.causes[0].is_inherited]
    screen.say(
        f"\n{', '.join(sorted(map(str, heirs)))} inherit it. The evening's server was not restarted and kept an old model."
    )


def _proof(lineage: Lineage, cause: Cause) -> tuple[str, str, str, str]:
    """The run, what it read (the source of the edge), when that was made, and what is wrong with it."""
    run = about(lineage.inspect(cause.run).run)
    if cause.edge is None:
        return run, "", "", cause.evidence
    read = lineage.store.resolve(cause.edge.source)
    fresher = split_state_id(cause.evidence) if cause.kind == "fresher_state" else None
    because = f"{about(lineage.inspect(fresher[1]).run)} had made a newer one" if fresher else cause.evidence
    return run, read.name, when(read.produced_at) if read.produced_at else "", because


def show_impact(screen: Screen, lineage: Lineage, customer: str) -> None:
    """Print what derives from a customer's data: the nearest files, and how many of each component."""
    screen.step("A customer asks to be deleted. What holds their data?", f"headwater impact {customer}")
    answer = lineage.impact(customer)
    runs = {run.id: run for run in answer.runs()}
    made = [state for state in answer.pointers() if state.run]
    screen.table(
        ("file", "made by", ">steps away"), [_line(state, runs, answer.hops[state.id]) for state in made[:_LINES]]
    )
    per_component = Counter(str(run.component) for run in runs.values())
    models = sum(state.type == "model" for state in made)
    screen.say(
        f"[dim]... and {len(made) - _LINES} more[/]\n\n"
        f"{len(made)} states of files by {len(runs)} runs: "
        f"{', '.join(f'{component} {n}' for component, n in per_component.items())}.\n"
        f"The trips went into the history, from there into {models} of the models, and so into everything they answered."
    )


def _line(state: Pointer, runs: dict[str, Run], hops: int) -> tuple[str, str, str]:
    return state.name, about(runs[str(state.run)]), str(hops // 2)
