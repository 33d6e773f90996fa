"""What DVC says was done: the entries of a `dvc.lock`, and the `.dvc` files of added and imported data."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from headwater.errors import SourceError
from headwater.graph.values import canonical
from headwater.loaders.documents import Object, as_list, as_object, as_text

LOCK = "dvc.lock"
_NAMESPACE = uuid5(NAMESPACE_URL, "https://dvc.org")
_SCHEMAS = re.compile(r"[23]\.")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SECRET = re.compile(r"(://)[^/@]*@")
_DEFAULT_PARAMS = "params.yaml"
# In the order in which they are trusted: of the content, of the version of the object, of the object.
_DIGESTS = ("md5", "checksum", "version_id", "etag")
_NOT_ABOUT = frozenset({"path", "hash", "params", *_DIGESTS})
_MAPPED = frozenset({"deps", "outs", "params", "wdir"})


@dataclass(frozen=True, slots=True)
class Part:
    """A file or folder that a stage read or wrote; `about` is what else DVC says of it."""

    path: str
    digest: str | None
    about: Object


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands under one name in a lock file, or in a whole `.dvc` file, which has no name."""

    file: str
    name: str
    content: Object

    @property
    def component(self) -> str:
        """The stage as `dvc repro` is told of it: `train`, `train@3`, `sub/dvc.yaml:train`, `data/raw.csv.dvc`."""
        if not self.name:
            return self.file
        pipeline = f"{self.file.removesuffix(LOCK)}dvc.yaml"
        return self.name if pipeline == "dvc.yaml" else f"{pipeline}:{self.name}"

    def run_id(self, prefix: str) -> str:
        """Return the id of the run: the same entry is the same run, wherever in the history it stands."""
        said = canonical([prefix, self.file, self.name, self.content], f"stage {self.component!r}")
        return str(uuid5(_NAMESPACE, said))

    @property
    def word(self) -> str:
        """What DVC calls it: `add` has no dependencies, `import` no command."""
        if self.content.get("cmd"):
            return "stage"
        return "import" if self.content.get("deps") else "stage" if self.name else "add"


@dataclass(frozen=True, slots=True)
class Stage:
    """An entry with its paths as seen from the root of the repository."""

    entry: Entry
    run: str
    reads: tuple[Part, ...]
    writes: tuple[Part, ...]
    params: Mapping[str, Any]
    about: Object


def entries(file: str, document: object) -> Iterator[Entry | SourceError]:
    """Give the entries of a lock file or `.dvc` file. Raises SourceError when the document is neither."""
    found = as_object(document, file)
    if posixpath.basename(file) != LOCK:
        yield Entry(file, "", found)
        return
    for name, content in _stages(file, found).items():
        try:
            yield Entry(file, name, as_object(content, f"stage {name!r}"))
        except SourceError as exc:
            yield exc


def _stages(file: str, document: Object) -> Object:
    """Return the stages: below `stages` since schema 2.0, the whole document in 1.0, which did not say so."""
    if "schema" not in document:
        return document
    if not _SCHEMAS.match(str(document["schema"])):
        raise SourceError(f"{file} says schema {document['schema']!r}; 1.0, 2.0 and 3.0 are read")
    return as_object(document.get("stages") or {}, f"{file}: stages")


def read_stage(entry: Entry, wdir: str, prefix: str) -> Stage:
    """Return what an entry says. Raises SourceError, naming the part that cannot be read."""
    content = entry.content
    folder = posixpath.join(posixpath.dirname(entry.file), str(content.get("wdir") or wdir))
    reads = list(objects_of(content, "deps"))
    params = dict(_params(content.get("params"), folder))
    for part in reads:
        params |= _params({part["path"]: part["params"]} if "params" in part else {}, folder)
    return Stage(
        entry,
        entry.run_id(prefix),
        tuple(_part(part, folder, prefix) for part in reads if "params" not in part),
        tuple(_part(part, folder, prefix) for part in objects_of(content, "outs")),
        params,
        {key: value for key, value in content.items() if key not in _MAPPED and (entry.name or key != "md5")},
    )


def objects_of(content: Object, key: str) -> Iterator[Object]:
    """Give the mappings of a list. Raises SourceError for what is none."""
    return (as_object(part, f"{key}[{i}]") for i, part in enumerate(as_list(content.get(key), key)))


def _params(given: object, folder: str) -> Iterator[tuple[str, Any]]:
    """Give each parameter by the name that `dvc -p` takes: the bare key for params.yaml, else FILE:KEY."""
    for file, values in as_object(given or {}, "params").items():
        where = "" if file == _DEFAULT_PARAMS else f"{located(file, folder)}:"
        for key, value in as_object(values or {}, f"params.{file}").items():
            yield f"{where}{key}", value


def _part(given: Object, folder: str, prefix: str) -> Part:
    path = as_text(given.get("path"), "path")
    about = {key: value for key, value in given.items() if key not in _NOT_ABOUT}
    if isinstance(repo := given.get("repo"), dict):
        return _foreign(path, repo, about)
    digest = next((f"{key}:{given[key]}" for key in _DIGESTS if given.get(key)), None)
    name = _SECRET.sub(r"\1", path) if _URL.match(path) else path
    return Part(named(located(name, folder), prefix), _without_at(digest), about)


def _foreign(path: str, repo: Object, about: Object) -> Part:
    """Return a file of another repository: `dvc import` notes at which commit it was taken."""
    url = _SECRET.sub(r"\1", as_text(repo.get("url"), "repo.url"))
    rev = repo.get("rev_lock")
    return Part(f"{url}#{path}", _without_at(f"git:{rev}" if rev else None), {**about, "repo": {**repo, "url": url}})


def _without_at(digest: str | None) -> str | None:
    return digest and digest.replace("@", "%40")


def located(path: str, folder: str) -> str:
    """Return a path of a stage in `folder` as seen from the root; URLs and absolute paths as they are."""
    return path if _URL.match(path) else posixpath.normpath(posixpath.join(folder, path))


def named(path: str, prefix: str) -> str:
    """Return the pointer name of a path: with the prefix where it belongs to the repository."""
    return path if _URL.match(path) or path.startswith("/") else f"{prefix}{path}"
