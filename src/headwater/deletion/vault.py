"""What is kept readable while requests are open: subjects, plans, progress. Dropped for good when they are over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from headwater.graph.store import DeletionStore

# A store takes texts of 1 MiB; a character may take 4 bytes.
_PART = 1 << 18
_PARTS = "parts:"


class Vault:
    """The documents of one owner, a request or a plan, by key."""

    def __init__(self, store: DeletionStore, owner: str) -> None:
        self._store, self._owner = store, owner

    def put(self, key: str, document: Any) -> None:
        """Keep a document in the place of what was kept under this key; it is durable on return."""
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        if len(text) > _PART:
            parts = [text[place : place + _PART] for place in range(0, len(text), _PART)]
            for number, part in enumerate(parts):
                self._store.keep(self._owner, f"{key}/{number}", part)
            text = f"{_PARTS}{len(parts)}"
        self._store.keep(self._owner, key, text)

    def get(self, key: str) -> Any:
        """Return the document that is kept under a key, None if none is."""
        return self.all().get(key)

    def all(self) -> Mapping[str, Any]:
        """Return all documents by key."""
        kept = {key: text for (_, key), text in self._store.kept(self._owner).items()}
        return dict(_documents(kept))

    def drop(self) -> None:
        """Forget everything."""
        self._store.drop(self._owner)


def _documents(kept: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for key, text in kept.items():
        if _is_part(key, kept):
            continue
        if text.startswith(_PARTS):
            parts = (kept[f"{key}/{number}"] for number in range(int(text.removeprefix(_PARTS))))
            yield key, json.loads("".join(parts))
        else:
            yield key, json.loads(text)


def _is_part(key: str, kept: Mapping[str, str]) -> bool:
    whole, _, number = key.rpartition("/")
    return number.isdecimal() and kept.get(whole, "").startswith(_PARTS)
