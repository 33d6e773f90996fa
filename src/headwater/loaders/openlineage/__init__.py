"""OpenLineage: events of runs, jobs and datasets become facts, from files or one by one."""

from headwater.loaders.openlineage.loader import OpenLineageLoader
from headwater.loaders.openlineage.mapping import event_facts

__all__ = ["OpenLineageLoader", "event_facts"]
