"""The touched graph in numbers: a node is its place among the sorted ids, so that numbers are in the order of ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.graph.model import Node, Pointer, Run

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Numbering:
    """Nodes and edges by number; every list of numbers is sorted.

    `near` are the nodes right downstream of each, `inputs` the touched states that each run read, `maker` the run that
    made each state, NOBODY where none did that is touched.
    """

    ids: Sequence[str]
    number: Mapping[str, int]
    nodes: Sequence[Node]
    near: Sequence[Sequence[int]]
    inputs: Sequence[Sequence[int]]
    maker: Sequence[int]
    states: Sequence[int]
    runs: Sequence[int]

    @classmethod
    def of(cls, nodes: Mapping[str, Node], links: Mapping[str, Sequence[str]]) -> Numbering:
        """Number the nodes; `links` tells the runs that read each state. Cost: a sort of ids, then nodes and edges."""
        ids = sorted(nodes)
        number = {ident: place for place, ident in enumerate(ids)}
        listed = [nodes[ident] for ident in ids]
        near: list[list[int]] = [[] for _ in ids]
        inputs: list[list[int]] = [[] for _ in ids]
        maker = [NOBODY] * len(ids)
        states, runs = [], []
        for place, node in enumerate(listed):
            if isinstance(node, Run):
                runs.append(place)
                continue
            states.append(place)
            if node.run is not None:
                by = maker[place] = number.get(node.run, NOBODY)
                if by != NOBODY:
                    near[by].append(place)
            readers = [number[run] for run in links.get(ids[place], ()) if run in number]
            readers.sort()
            near[place] = readers
            for run in readers:
                inputs[run].append(place)
        return cls(ids, number, listed, near, inputs, maker, states, runs)

    def state(self, place: int) -> Pointer:
        """Return the state with this number."""
        found = self.nodes[place]
        assert isinstance(found, Pointer)
        return found

    def run(self, place: int) -> Run:
        """Return the run with this number."""
        found = self.nodes[place]
        assert isinstance(found, Run)
        return found
