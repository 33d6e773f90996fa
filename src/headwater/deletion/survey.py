"""Reading a situation from a store, with a handful of questions however many requests there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from headwater.deletion.situation import Interval, Label, Situation, Stage, Target
from headwater.graph.model import Node, Pointer, Run
from headwater.graph.store import DeletionStore, Name, Subgraph, Watermark
from headwater.ids import split_state_id
from headwater.memory import collecting_rarely

RUNS_OF_HISTORY = 100
DECLARATION = "deletion"
_ATTEMPTS = 3


@collecting_rarely()
def survey(store: DeletionStore, targets: Sequence[Target]) -> Situation:
    """Return what the subjects of all requests touch.

    Read between two looks at the watermark, again when somebody wrote meanwhile, three times at the most; what a
    writer changed after that shows in the digest of the next survey. Cost: one walk for all subjects together, and one
    question each for the names, components and labels in it.
    """
    left = _ATTEMPTS
    while True:
        left -= 1
        mark = store.watermark()
        found = _survey(store, tuple(targets), mark)
        if not left or store.watermark() == mark:
            return found


def _survey(store: DeletionStore, targets: tuple[Target, ...], mark: Watermark) -> Situation:
    labels = sorted({label for target in targets for label in target.labels})
    starts = _starts(store, labels) if labels else {}
    ids = dict.fromkeys(state for target in targets for state in target.states)
    ids.update(dict.fromkeys(node for nodes in starts.values() for node in sorted(nodes)))
    found = store.downstream(list(ids))
    nodes, links = dict(found.nodes), dict(found.links)
    _add_makers(store, nodes, links)
    names = store.names(list(dict.fromkeys(n.name for n in nodes.values() if isinstance(n, Pointer))))
    return Situation(
        targets=targets,
        nodes=nodes,
        links=links,
        starts=starts,
        rows=store.data_labels([n.id for n in nodes.values() if isinstance(n, Run)]) if labels else {},
        names=names,
        untouched=_untouched(store, nodes, names),
        stages=_stages(store, nodes.values()),
        rebinding=mark.rebinding,
        watermark=mark.position,
    )


def _starts(store: DeletionStore, labels: Sequence[Label]) -> dict[Label, frozenset[str]]:
    """Return where each label begins: states that carry it, and runs that read them as holding such rows."""
    found: dict[Label, set[str]] = {label: set() for label in labels}
    given = store.annotated(labels)
    known = store.targets(list(dict.fromkeys(target for target, _ in given))).nodes
    for target, (key, value) in given:
        node = known.get(target)
        if isinstance(node, Pointer) and node.labels.get(key) == value:
            found[key, value].add(target)
    carriers = store.labelled(labels)
    runs = list(dict.fromkeys(run for run, _, _ in carriers))
    read, made = _by_name(store.sources(runs)), _by_name(store.targets(runs))
    for run, name, label in carriers:
        states = read.get((run, name), [])
        found[label].update([*states, *([run] if states else ()), *made.get((run, name), ())])
    return {label: frozenset(nodes) for label, nodes in found.items()}


def _by_name(found: Subgraph) -> Mapping[tuple[str, str], list[str]]:
    """Return the states next to each run, by run and name."""
    states: dict[tuple[str, str], list[str]] = defaultdict(list)
    for run, near in found.links.items():
        for state in near:
            states[run, (split_state_id(state) or (state, ""))[0]].append(state)
    return states


def _add_makers(store: DeletionStore, nodes: dict[str, Node], links: dict[str, Sequence[str]]) -> None:
    """Add the runs that made states at which the walk began: to rerun one replaces such a state."""
    made = [n for n in nodes.values() if isinstance(n, Pointer) and n.run is not None and n.run not in nodes]
    outside = store.sources(list(dict.fromkeys(pointer.run for pointer in made if pointer.run is not None)))
    by_maker: dict[str, list[str]] = defaultdict(list)
    for pointer in made:
        by_maker[pointer.run or ""].append(pointer.id)
    for ident, node in outside.nodes.items():
        nodes[ident] = node
        links[ident] = by_maker[ident]


def _untouched(
    store: DeletionStore, nodes: Mapping[str, Node], names: Mapping[str, Name]
) -> dict[str, tuple[datetime, str]]:
    """Return the newest version of each name that is not among the nodes, nor erased, as (produced_at, run)."""
    inside: dict[str, int] = defaultdict(int)
    for node in nodes.values():
        if isinstance(node, Pointer) and node.produced_at is not None:
            inside[node.name] += 1
    newest = [now.newest for now in names.values()]
    found = {v.name: v.order for v in newest if v.state not in nodes and not v.is_erased}
    mixed = [name for name, now in names.items() if name not in found and now.versions > inside[name]]
    versions = store.versions(mixed) if mixed else {}
    outside = [next((state for state in states if state not in nodes), None) for states in versions.values()]
    for node in store.sources([state for state in outside if state is not None]).nodes.values() if mixed else ():
        if isinstance(node, Pointer) and node.produced_at is not None:
            found[node.name] = node.produced_at, node.run or ""
    return found


def _stages(store: DeletionStore, nodes: Iterable[Node]) -> dict[str, Stage]:
    components = sorted({node.component for node in nodes if isinstance(node, Run) and node.component is not None})
    took = store.durations(components, RUNS_OF_HISTORY)
    said: dict[str, Any] = {
        key.owner: value
        for key, value in store.facets(components).items()
        if key.subject == "component" and key.key == DECLARATION
    }
    return {name: _stage(said.get(name), Interval.of(took.get(name, ()))) for name in components}


def _stage(said: Any, took: Interval | None) -> Stage:
    given = said if isinstance(said, dict) else {}
    texts = {key: str(given[key]) for key in ("aggregates", "anonymises", "unlearns") if given.get(key)}
    shards = given.get("shards")
    return Stage(**texts, shards=shards if isinstance(shards, int) and shards > 0 else None, took=took)
