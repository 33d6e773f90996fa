"""Two steps of the tour: what runs on old inputs, and what the deletion of a customer would touch."""

from __future__ import annotations

from collections import Counter

from rich.markup import escape

from headwater.demo.screen import Screen, about, when
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.staleness import Cause
from headwater.ids import split_state_id

_LINES = 5


def show_stale(screen: Screen, lineage: Lineage) -> None:
    """Print which components' newest runs read something stale, each with the edge that proves it."""
    screen.step("What is stale?", "headwater stale")
    found = lineage.stale_components()
    causes = [cause for one in found for cause in one.causes if not cause.is_inherited]
    screen.table(("newest run", "read", "made", "stale because"), [_proof(lineage, cause) for cause in causes])
    heirs = {str(lineage.inspect(one.of).run.component) for one in found if one.causes[0].is_inherited}
    screen.say(
        f"\nDownstream, {escape(', '.join(sorted(heirs)))} inherit it. The server of the evenings was not restarted "
        "after 18 March: it answers with an old model."
    )


def _proof(lineage: Lineage, cause: Cause) -> tuple[str, str, str, str]:
    """The run, what it read (the source of the edge), when that was made, and what is wrong with it."""
    run = about(lineage.inspect(cause.run).run)
    if cause.edge is None:
        return run, "", "", escape(cause.evidence)
    read = lineage.store.resolve(cause.edge.source)
    fresher = split_state_id(cause.evidence) if cause.kind == "fresher_state" else None
    because = f"{about(lineage.inspect(fresher[1]).run)} had made a newer one" if fresher else escape(cause.evidence)
    return run, escape(read.name), when(read.produced_at) if read.produced_at else "", because


def show_impact(screen: Screen, lineage: Lineage, customer: str, rides: int) -> None:
    """Print what derives from a customer's file of `rides` trips: the nearest states, and the runs by component."""
    screen.step("A customer asks to be deleted: where did their data go?", f"headwater impact {customer}")
    answer = lineage.impact(customer)
    runs = {run.id: run for run in answer.runs()}
    made = [state for state in answer.pointers() if state.run]
    rows = [(state.name, about(runs[str(state.run)]), str(answer.hops[state.id] // 2)) for state in made[:_LINES]]
    screen.table(("state", "made by", ">runs away"), rows)
    per_component = Counter(str(run.component) for run in runs.values())
    models = sum(state.type == "model" for state in made)
    screen.say(
        f"[dim]and {len(made) - _LINES} more[/]\n\nFrom {rides} trip{'s' * (rides > 1)} derive {len(made)} states by "
        f"{len(runs)} runs: "
        f"{', '.join(f'{component} {n}' for component, n in per_component.items())}. "
        f"The way leads through the history into {models} models, and so into all that these answered."
    )
