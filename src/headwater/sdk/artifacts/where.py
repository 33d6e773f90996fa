"""Which artifact store a program uses: HEADWATER_ARTIFACTS, or the folder `artifacts` beside the lineage database."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headwater.graph.connect import default_database, default_url
from headwater.sdk.artifacts.places import Folder, Place
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.recording import store_folder

_lock = threading.Lock()
_opened: dict[tuple[str | None, ...], ArtifactStore] = {}


def open_artifacts(url: str | None = None, graph: str | None = None) -> ArtifactStore:
    """Return the artifact store at a folder or URL, or else the one that this program uses.

    `graph` is the name of the lineage graph that it is used for, or else that of the default one.
    Raises MissingExtra, UsageError.
    """
    environment = os.environ.get("HEADWATER_ARTIFACTS") or None
    asked = (url, graph, environment, default_url(), default_database())
    with _lock:
        if asked not in _opened:  # once: the program may go to another folder
            place = _place(url or environment or artifacts_beside(default_url()))
            _opened[asked] = ArtifactStore(place, graph or graph_name(default_url(), default_database()))
        return _opened[asked]


def artifacts_beside(store: str) -> str:
    """Return the folder for the artifacts of a lineage store without another word: beside its file."""
    return str(store_folder(store) / "artifacts")


def graph_name(store: str, database: str) -> str:
    """Return what tells a lineage graph from others that save artifacts in the same place: where it lies."""
    if store.startswith("sqlite:///"):
        return f"sqlite:///{Path(unquote(store.removeprefix('sqlite:///'))).resolve()}"
    return f"{store} {database}"


def _place(url: str) -> Place:
    if url.startswith("file://"):
        return Folder(Path(unquote(urlsplit(url).path)))
    if "://" not in url:
        return Folder(Path(url).absolute())
    from headwater.sdk.artifacts.remote import Remote

    return Remote(url)
