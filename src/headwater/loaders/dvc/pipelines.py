"""What `dvc.yaml` adds to its lock file: working folders, descriptions, which outputs are metrics or models."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from headwater.errors import SourceError
from headwater.loaders.documents import Object
from headwater.loaders.dvc import yamls
from headwater.loaders.dvc.stages import located

_TEMPLATE = re.compile(r"\$\{[^}]*\}")
_WHOLE_ITEM = re.compile(r"\$\{\s*(?:item|key)\s*\}")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The definitions of one `dvc.yaml` in `folder`, in the version `blob`; an empty one where there is none."""

    blob: str = ""
    folder: str = ""
    stages: Object = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    models: frozenset[str] = frozenset()

    def of(self, name: str) -> Object:
        """Return the definition behind a stage of a lock file: that of `train` for `train@3`."""
        found = self.stages.get(name) or self.stages.get(name.partition("@")[0])
        if isinstance(found, dict) and isinstance(found.get("do"), dict):
            return found["do"]  # type: ignore[no-any-return]  # a mapping by the line above
        return found if isinstance(found, dict) else {}

    def wdir(self, name: str) -> str:
        """Return the working folder of a stage. Raises SourceError when only DVC could fill in its template."""
        found = self.of(name).get("wdir")
        text = _WHOLE_ITEM.sub(lambda _: name.partition("@")[2], found) if isinstance(found, str) else ""
        if _TEMPLATE.search(text):
            raise SourceError(f"wdir {text!r} of stage {name!r} is a template: its paths are read without it")
        return text

    def is_metric(self, name: str, path: str, wdir: str) -> bool:
        """Say whether the output of a stage at `path`, seen from the root, is a file of metrics."""
        folder = posixpath.join(self.folder, wdir)
        own = (located(text, folder) for text in _paths(self.of(name).get("metrics")))
        return any(_matches(text, path) for text in (*own, *self.metrics))


def read_pipeline(file: str, blob: str, content: bytes) -> Pipeline:
    """Return the definitions. Raises SourceError for what is no `dvc.yaml`."""
    document = yamls.load(content)
    if not isinstance(document, dict):
        raise SourceError(f"{file} is {type(document).__name__}, not an object")
    folder = posixpath.dirname(file)
    stages, artifacts = document.get("stages"), document.get("artifacts")
    return Pipeline(
        blob,
        folder,
        stages if isinstance(stages, dict) else {},
        tuple(located(path, folder) for path in _paths(document.get("metrics"))),
        frozenset(located(path, folder) for path in _models(artifacts if isinstance(artifacts, dict) else {})),
    )


def _paths(given: Any) -> Iterator[str]:
    """Give the paths of a list whose members are a path, or a path with its settings."""
    for one in given if isinstance(given, list) else ():
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one


def _models(artifacts: Object) -> Iterator[str]:
    for one in artifacts.values():
        if isinstance(one, dict) and one.get("type") == "model" and isinstance(one.get("path"), str):
            yield one["path"]


def _matches(text: str, path: str) -> bool:
    return text == path or ("${" in text and _pattern(text).fullmatch(path) is not None)


@lru_cache(maxsize=1024)
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, _TEMPLATE.split(template))))
