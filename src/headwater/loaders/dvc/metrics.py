"""The numbers that a stage wrote: its metrics files, where git itself holds them as the lock file says they were."""

from __future__ import annotations

import hashlib
import json
import posixpath
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from headwater.errors import SourceError
from headwater.loaders.dvc import yamls
from headwater.loaders.dvc.git import Objects
from headwater.loaders.dvc.pipelines import Pipeline
from headwater.loaders.dvc.stages import Stage

MAX_BYTES = 1 << 18
_PARSERS: Mapping[str, Callable[[bytes], Any]] = {
    ".json": json.loads,
    ".yaml": yamls.load,
    ".yml": yamls.load,
    ".toml": lambda content: tomllib.loads(content.decode()),
}


def read_metrics(objects: Objects, commit: str, stage: Stage, pipeline: Pipeline, prefix: str) -> dict[str, Any]:
    """Return the content of each metrics file of the stage, by path.

    Left out are files that only DVC's cache holds, those that differ from the lock file, and what is not metrics.
    """
    wdir = _wdir(pipeline, stage.entry.name)
    paths = {part.path.removeprefix(prefix): part.digest for part in stage.writes}
    own = {path: digest for path, digest in paths.items() if pipeline.is_metric(stage.entry.name, path, wdir)}
    found = {path: _content(objects, f"{commit}:{path}", digest) for path, digest in own.items()}
    return {path: value for path, content in found.items() if (value := _parsed(path, content)) is not None}


def _wdir(pipeline: Pipeline, name: str) -> str:
    try:
        return pipeline.wdir(name)
    except SourceError:
        return ""


def _content(objects: Objects, name: str, digest: str | None) -> bytes:
    blob = objects.read(name)
    content = blob.content if blob is not None else None
    if content is None or len(content) > MAX_BYTES:
        return b""
    # DVC before 3.0 hashed texts with the line ends of Unix.
    forms = (content, content.replace(b"\r\n", b"\n"))
    return (
        content if digest in {f"md5:{hashlib.md5(form, usedforsecurity=False).hexdigest()}" for form in forms} else b""
    )


def _parsed(path: str, content: bytes) -> Any:
    parse = _PARSERS.get(posixpath.splitext(path)[1].lower())
    if parse is None or not content:
        return None
    try:
        return yamls.plain(parse(content))
    except (ValueError, RecursionError):
        return None
