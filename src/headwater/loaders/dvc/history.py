"""What each commit says that none before it said.

Lock files hold no times: a run has the time of the commit that first shows it. What it read is bound by the lock files
of that commit and by content digests, so that clocks decide nothing.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from headwater.errors import HeadwaterError, SourceError
from headwater.graph.facts import ComponentFact, Fact, Input, Output, RunFact, Status
from headwater.loaders.base import Found, Item, Place, Problem, attempt
from headwater.loaders.documents import Object
from headwater.loaders.dvc import yamls
from headwater.loaders.dvc.git import Blob, Change, Commit, Objects
from headwater.loaders.dvc.makers import Makers
from headwater.loaders.dvc.metrics import read_metrics
from headwater.loaders.dvc.pipelines import Pipeline, read_pipeline
from headwater.loaders.dvc.stages import LOCK, Entry, Stage, entries, read_stage

CACHED_FILES = 64
_SHOWN = 12
K = TypeVar("K")
T = TypeVar("T")


class _Version:
    """One version of a lock file or `.dvc` file: its stages, and what is wrong with it."""

    def __init__(self, file: str, blob: Blob, pipeline: Pipeline, prefix: str) -> None:
        self.stages: list[Stage] = []
        self.bad: list[str] = []
        self.doubts: list[str] = []
        for entry in entries(file, _document(blob, file)):
            if isinstance(entry, SourceError):
                self.bad.append(str(entry))
                continue
            try:
                self.stages.append(read_stage(entry, self._wdir(entry, pipeline), prefix))
            except HeadwaterError as exc:
                self.bad.append(f"stage {entry.component!r}: {exc}")

    def _wdir(self, entry: Entry, pipeline: Pipeline) -> str:
        try:
            return pipeline.wdir(entry.name)
        except SourceError as exc:
            self.doubts.append(str(exc))
            return ""


@dataclass(slots=True)
class History:
    """What has been seen of a history: 16 bytes for each version of a file and of a stage, and some parsed files."""

    objects: Objects
    prefix: str
    _seen: set[bytes] = field(default_factory=set)
    _files: dict[str, None] = field(default_factory=dict)
    _versions: dict[tuple[str, str, str], _Version] = field(default_factory=dict)
    _pipelines: dict[tuple[str, str], Pipeline] = field(default_factory=dict)

    def news(self, commit: Commit, position: int) -> Iterator[Found]:
        """Give what the files of a commit say that is new, with the problems of the new versions of its files."""
        # Imports come first and every lock file is known before one is read: a stage may read what another file made.
        changes = sorted(commit.changes, key=_is_lock)
        self._files.update((change.path, None) for change in changes if _is_lock(change))
        for change in changes:
            if self._is_new("file", change.path, change.blob):
                yield from self._version(commit, change, position)

    def _version(self, commit: Commit, change: Change, position: int) -> Iterator[Found]:
        place = Place(f"{commit.id[:_SHOWN]}:{change.path}")
        try:
            pipeline, doubt = self._pipeline(commit.id, change.path)
            version = self._parsed(change.path, self._blob(change.blob), pipeline)
        except SourceError as exc:
            line = exc.line if isinstance(exc, yamls.BadYaml) else None
            yield Problem(Place(place.file, line), str(exc), position=position)
            return
        yield from (Problem(place, reason, position=position) for reason in version.bad)
        yield from (Problem(place, reason, "warning", position) for reason in (*doubt, *version.doubts))
        if not _is_lock(change) and any(stage.reads for stage in version.stages):
            self._files[change.path] = None
        yield from self._stages(commit, place, version, pipeline, position)

    def _stages(
        self, commit: Commit, place: Place, version: _Version, pipeline: Pipeline, position: int
    ) -> Iterator[Found]:
        fresh = [stage for stage in version.stages if self._is_new("run", stage.run)]
        makers = self._makers(commit, version, fresh)
        for stage in fresh:
            at = Place(place.file, path=f"stages.{stage.entry.name}" if stage.entry.name else "")
            item = _Made(stage, commit, at, pipeline, position)
            yield attempt(at, partial(item.item, self.objects, makers, self.prefix), position)

    def _makers(self, commit: Commit, version: _Version, fresh: list[Stage]) -> Makers:
        """Return the makers of this version's file, and those of the commit's other files where one is asked for."""
        own = Makers(version.stages)
        files = [file for file in self._files if all(file != stage.entry.file for stage in version.stages)]
        if not files or all(own.knows(part.path) for stage in fresh for part in stage.reads):
            return own
        return Makers([*(stage for file in files for stage in self._at(commit.id, file)), *version.stages])

    def _at(self, commit: str, file: str) -> list[Stage]:
        """Return the stages of a file in a commit, none where it cannot be read: its own version tells of that."""
        blob = self.objects.read(f"{commit}:{file}")
        if blob is None:
            return []
        try:
            return self._parsed(file, blob, self._pipeline(commit, file)[0]).stages
        except SourceError:
            return []

    def _blob(self, ident: str) -> Blob:
        found = self.objects.read(ident)
        if found is None:
            raise SourceError(f"the repository does not have the object {ident}")
        return found

    def _parsed(self, file: str, blob: Blob, pipeline: Pipeline) -> _Version:
        key = (file, blob.id, pipeline.blob)
        return _cached(self._versions, key, lambda: _Version(file, blob, pipeline, self.prefix))

    def _pipeline(self, commit: str, file: str) -> tuple[Pipeline, tuple[str, ...]]:
        """Return the definitions beside a lock file in a commit, and why they cannot be read where they cannot."""
        beside = posixpath.join(posixpath.dirname(file), "dvc.yaml")
        blob = self.objects.read(f"{commit}:{beside}") if posixpath.basename(file) == LOCK else None
        if blob is None:
            return Pipeline(), ()
        try:
            read = _cached(self._pipelines, (beside, blob.id), lambda: read_pipeline(beside, blob.id, _content(blob)))
        except SourceError as exc:
            reason = f"{beside} beside it: {exc}; metrics, working folders and descriptions are unknown"
            return Pipeline(), (reason,)
        return read, ()

    def _is_new(self, *parts: str) -> bool:
        said = "\0".join(parts).encode(errors="surrogateescape")
        mark = hashlib.blake2b(said, digest_size=16).digest()
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True


@dataclass(frozen=True, slots=True)
class _Made:
    """A stage and the commit that first shows it."""

    stage: Stage
    commit: Commit
    place: Place
    pipeline: Pipeline
    position: int

    def item(self, objects: Objects, makers: Makers, prefix: str) -> Item:
        """Return the facts. An added file has none of its own: it is what stages read, by its digest."""
        word = self.stage.entry.word
        if word == "add":
            return Item(word, self.place, (), position=self.position)
        facts = self._facts(objects, makers, prefix)
        opaque = sorted({key for fact in facts for key in _kept(fact)})
        return Item(word, self.place, facts, tuple(opaque), self.position)

    def _facts(self, objects: Objects, makers: Makers, prefix: str) -> tuple[Fact, ...]:
        stage, at, component = self.stage, _time(self.commit), f"{prefix}{self.stage.entry.component}"
        definition = self.pipeline.of(stage.entry.name)
        metrics = read_metrics(objects, self.commit.id, stage, self.pipeline, prefix)
        about = {key: definition[key] for key in ("desc", "meta") if definition.get(key)}
        run = RunFact(
            stage.run,
            component,
            Status.COMPLETED,
            at,
            at,
            tuple(claim for part in stage.reads for claim in makers.claims(stage.run, part)),
            tuple(self._outputs(prefix)),
            stage.params,
            commit=self.commit.id,
            at=at,
            facets={**about, **stage.about, **({"metrics": metrics} if metrics else {})},
        )
        text = run.facets.get("desc")
        return (run, ComponentFact(component, text, at=at)) if isinstance(text, str) else (run,)

    def _outputs(self, prefix: str) -> Iterator[Output]:
        for part in self.stage.writes:
            kind = "model" if part.path.removeprefix(prefix) in self.pipeline.models else None
            yield Output(part.path, part.digest, kind, part.about)  # type: ignore[arg-type]


def _kept(fact: Fact) -> Iterator[str]:
    """Give the keys that are kept but not interpreted."""
    if not isinstance(fact, RunFact):
        return
    yield from fact.facets
    parts: tuple[Input | Output, ...] = (*fact.inputs, *fact.outputs)
    for part in parts:
        yield from part.facets


def _is_lock(change: Change) -> bool:
    return posixpath.basename(change.path) == LOCK


def _document(blob: Blob, file: str) -> Object:
    found: Object = yamls.load(_content(blob))
    if found is None:
        raise SourceError(f"{file} is empty")
    return found


def _content(blob: Blob) -> bytes:
    if blob.content is None:
        raise SourceError("it has more bytes than one record may have")
    return blob.content


def _time(commit: Commit) -> datetime:
    try:
        return datetime.fromtimestamp(commit.seconds, UTC)
    except (OverflowError, ValueError, OSError) as exc:
        raise SourceError(f"commit {commit.id} was made at {commit.seconds} s since 1970, which is no date") from exc


def _cached(cache: dict[K, T], key: K, make: Callable[[], T]) -> T:
    """Return what `make` made for this key; only the latest few are kept."""
    if key not in cache:
        if len(cache) >= CACHED_FILES:
            del cache[next(iter(cache))]
        cache[key] = make()
    return cache[key]
