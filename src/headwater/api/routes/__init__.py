"""The routes, one file a subject. Each asks one question of the lineage graph."""

from headwater.api.routes import (
    components,
    deletions,
    events,
    flags,
    health,
    methods,
    quality,
    ranking,
    runs,
    store,
    walks,
)

ROUTERS = (
    walks.router,
    ranking.router,
    runs.router,
    events.router,
    components.router,
    quality.router,
    flags.router,
    deletions.router,
    store.router,
    methods.router,
    health.router,
)

__all__ = ["ROUTERS"]
