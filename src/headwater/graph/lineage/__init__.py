"""The use cases: what people ask a lineage graph. They take a Store and know no backend.

The command line and HTTP call these and nothing else, so that every door gives the same answer.
"""

from headwater.graph.lineage.columns import Column, Derivation, columns_of
from headwater.graph.lineage.divergence import Diff, Divergence, diff
from headwater.graph.lineage.quality import (
    MetricHistory,
    alerts,
    incident_document,
    metrics,
    metrics_document,
    rows_behind,
)
from headwater.graph.lineage.runs import (
    RunPage,
    annotation_document,
    component_document,
    components,
    flag,
    history,
    inspect,
    inspect_document,
    recent,
    search,
)
from headwater.graph.lineage.staleness import Cause, Staleness, stale, stale_components
from headwater.graph.lineage.suspects import Ranking, SuspectGroup, rank, review
from headwater.graph.lineage.walk import UNLIMITED, Limits, between, impact, resolve, trace

__all__ = [
    "UNLIMITED",
    "Cause",
    "Column",
    "Derivation",
    "Diff",
    "Divergence",
    "Limits",
    "MetricHistory",
    "Ranking",
    "RunPage",
    "Staleness",
    "SuspectGroup",
    "alerts",
    "annotation_document",
    "between",
    "columns_of",
    "component_document",
    "components",
    "diff",
    "flag",
    "history",
    "impact",
    "incident_document",
    "inspect",
    "inspect_document",
    "metrics",
    "metrics_document",
    "rank",
    "recent",
    "resolve",
    "review",
    "rows_behind",
    "search",
    "stale",
    "stale_components",
    "trace",
]
