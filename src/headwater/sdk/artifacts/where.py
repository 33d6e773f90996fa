"""Which artifact store a program uses: HEADWATER_ARTIFACTS, or the folder `artifacts` beside the lineage database."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headwater.graph.connect import default_url
from headwater.sdk.artifacts.places import Folder, Place
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.recording import store_folder

_lock = threading.Lock()
_opened: dict[str, ArtifactStore] = {}


def open_artifacts(url: str | None = None) -> ArtifactStore:
    """Return the artifact store at a folder or URL, or else the one that this program uses.

    Raises MissingExtra, UsageError.
    """
    chosen = url or os.environ.get("HEADWATER_ARTIFACTS") or artifacts_beside(default_url())
    with _lock:
        if chosen not in _opened:
            _opened[chosen] = ArtifactStore(_place(chosen))
        return _opened[chosen]


def artifacts_beside(store: str) -> str:
    """Return the folder for the artifacts of a lineage store without another word: beside its file."""
    return str(store_folder(store) / "artifacts")


def _place(url: str) -> Place:
    if url.startswith("file://"):
        return Folder(Path(unquote(urlsplit(url).path)))
    if "://" not in url:
        return Folder(Path(url).absolute())
    from headwater.sdk.artifacts.remote import Remote

    return Remote(url)
