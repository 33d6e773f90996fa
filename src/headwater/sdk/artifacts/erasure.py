"""What the erasure of data asks of the artifact store: that the payloads of erased states are gone."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path

from headwater.graph.store import Store
from headwater.sdk.artifacts.needs import holders
from headwater.sdk.artifacts.store import ArtifactStore
from headwater.sdk.artifacts.sweep import Freed, release
from headwater.sdk.artifacts.where import open_artifacts


def free_erased(
    graph: Store,
    digests: Iterable[str],
    erased: Container[str],
    *,
    artifacts: ArtifactStore | None = None,
    spool: Path | None = None,
) -> Freed:
    """Free the payloads of these contents at once, unless a state that is not erased has the same; return what went.

    `digests` are those that the erased states had, `erased` says of a state's id whether it is erased, by this request
    or an earlier one. `kept` of the answer names the states that still need a content. `spool` is the folder of facts
    that wait to be recorded. Doing it again frees what an interrupted call has left.
    Raises ArtifactsUnavailable, StoreError.
    """
    return release(
        artifacts or open_artifacts(), digests, lambda some: holders(graph, some, erased=erased, spool=spool)
    )
