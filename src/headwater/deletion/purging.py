"""Freeing the payloads of erased states from the store of artifacts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headwater.graph.store import Store
from headwater.sdk.artifacts.erasure import free_erased
from headwater.sdk.artifacts.store import ArtifactStore


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Frees contents that only erased states had. `spool` is the folder of facts that wait for the graph's store."""

    graph: Store
    store: ArtifactStore
    spool: Path | None = None

    def __call__(self, digests: Sequence[str], erased: Container[str], /) -> Mapping[str, str]:
        """Return of each digest whether it is `freed`, `kept` for a state that needs it, or was `absent`."""
        freed = free_erased(self.graph, digests, erased, artifacts=self.store, spool=self.spool)
        gone = {entry.digest for entry in freed.entries}
        return {
            digest: "kept" if digest in freed.kept else "freed" if digest in gone else "absent" for digest in digests
        }
