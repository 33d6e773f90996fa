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
from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Input, Output, RunFact, Status, TriggerResult
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.walk import Limits
from headwater.graph.model import Edge, Pointer, Run
from headwater.graph.store import OutputFilter
from headwater.sdk.blocked import ErasedInputs, RunBlocked, StaleInputs, TriggerFailed
from headwater.sdk.component import Component, component
from headwater.sdk.explicit import log_run
from headwater.sdk.history import History
from headwater.sdk.recording import flush, recorder_stats
from headwater.sdk.run import RunLog, current_run, pointer
from headwater.sdk.triggers import asynchronous

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "Answer",
    "Component",
    "ComponentFact",
    "Edge",
    "ErasedInputs",
    "Erasure",
    "HeadwaterError",
    "History",
    "Input",
    "Limits",
    "Lineage",
    "Output",
    "OutputFilter",
    "Pointer",
    "Run",
    "RunBlocked",
    "RunFact",
    "RunLog",
    "StaleInputs",
    "Status",
    "TriggerFailed",
    "TriggerResult",
    "Truncation",
    "asynchronous",
    "component",
    "configure",
    "connect",
    "current_run",
    "default",
    "errors",
    "flag",
    "flush",
    "impact",
    "inspect",
    "log_run",
    "pointer",
    "rank",
    "record",
    "recorder_stats",
    "review",
    "stale",
    "trace",
    "unflag",
]
