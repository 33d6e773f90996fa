"""Headwater: lineage for machine-learning pipelines.

Where an output came from, what an input reaches, which run is to blame.

import headwater

headwater.configure("sqlite:///lineage.db")
with headwater.log_run("clean", inputs=["raw.csv"], outputs=["clean.csv"], params={"drop": 0.1}):
    ...
print(headwater.trace("clean.csv").to_mermaid())
"""

from headwater import errors
from headwater.errors import HeadwaterError
from headwater.graph.answer import Answer, Truncation
from headwater.graph.connect import configure, connect, default
from headwater.graph.defaults import flag, impact, inspect, rank, record, review, stale, trace, unflag
from headwater.graph.facts import Annotation, ComponentFact, Input, Output, RunFact, Status, TriggerResult
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.walk import Limits
from headwater.graph.model import Component, Edge, Pointer, Run
from headwater.graph.store import OutputFilter
from headwater.sdk.explicit import RunLog, log_run

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "Answer",
    "Component",
    "ComponentFact",
    "Edge",
    "HeadwaterError",
    "Input",
    "Limits",
    "Lineage",
    "Output",
    "OutputFilter",
    "Pointer",
    "Run",
    "RunFact",
    "RunLog",
    "Status",
    "TriggerResult",
    "Truncation",
    "configure",
    "connect",
    "default",
    "errors",
    "flag",
    "impact",
    "inspect",
    "log_run",
    "rank",
    "record",
    "review",
    "stale",
    "trace",
    "unflag",
]
