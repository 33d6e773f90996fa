"""Which run made the file that another one read, as the lock files of one commit say it."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from headwater import ids
from headwater.graph.facts import Input
from headwater.loaders.dvc.stages import Part, Stage


class Made(NamedTuple):
    """A run wrote this."""

    path: str
    digest: str | None
    run: str


class Makers:
    """The outputs of some stages, by path, and by each folder above them."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        self._by_path: dict[str, Made] = {}
        self._inside: dict[str, list[Made]] = defaultdict(list)
        for stage in stages:
            for part in stage.writes:
                made = Made(part.path, part.digest, stage.run)
                self._by_path[part.path] = made
                for folder in _above(part.path):
                    self._inside[folder].append(made)

    def knows(self, path: str) -> bool:
        """Say whether a stage wrote this, a folder that holds it, or something inside it."""
        return path in self._by_path or path in self._inside or any(f in self._by_path for f in _above(path))

    def claims(self, run: str, part: Part) -> Iterator[Input]:
        """Give what `run` read when it read `part`: exactly the state that was made, where the commit has it.

        A file inside a folder that a stage wrote is that folder; a folder also is everything that was written into it.
        """
        made = self._by_path.get(part.path)
        if made is not None and made.run != run and made.digest in (part.digest, None):
            yield _state_of(made, part)
            return
        holder = next((self._by_path[f] for f in _above(part.path) if f in self._by_path), None)
        if made is None and holder is not None and holder.run != run:
            yield _state_of(holder, part)
            return
        yield from (_state_of(one, part) for one in self._inside.get(part.path, ()) if one.run != run)
        yield Input(part.path, digest=part.digest, facets=part.about)


def _state_of(made: Made, part: Part) -> Input:
    if made.path == part.path:
        return Input(made.path, state=ids.state_id(made.path, made.run), facets=part.about)
    read = {"read": {"path": part.path, "digest": part.digest, **part.about}}
    return Input(made.path, state=ids.state_id(made.path, made.run), facets=read)


def _above(path: str) -> Iterator[str]:
    while (path := posixpath.dirname(path)) not in ("", "/"):
        yield path
