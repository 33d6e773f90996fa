"""Past runs as facts: what a pipeline would have recorded while it ran, with the times of its own day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

import pandas as pd

from headwater.demo.stages import Codes, Model
from headwater.demo.trips import NEW_YORK
from headwater.graph.facts import Input, Output, RunFact

Content: TypeAlias = pd.DataFrame | Codes | Model

_NAMESPACE = uuid5(NAMESPACE_URL, "headwater:demo:taxi")
_LASTED = {"train": timedelta(minutes=20), "history": timedelta(minutes=5)}
_MOST_LASTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Journal:
    """The runs of one pipeline, in the order in which they were told."""

    facts: list[RunFact] = field(default_factory=list)

    def run(
        self,
        component: str,
        at: datetime,
        reads: Sequence[str | Input],
        writes: Mapping[str, Content],
        **params: Any,
    ) -> str:
        """Note one completed run that began at `at`, New York local time; return its id.

        How long it took is made up: a minute, for training twenty.
        """
        started = at.replace(tzinfo=NEW_YORK)
        fact = RunFact(
            id=run_id(component, at),
            component=component,
            started_at=started,
            ended_at=started + _LASTED.get(component, _MOST_LASTED),
            inputs=tuple(Input(read) if isinstance(read, str) else read for read in reads),
            outputs=tuple(Output(name, digest=digest(content)) for name, content in writes.items()),
            params=params,
        )
        self.facts.append(fact)
        return fact.id


def run_id(component: str, at: datetime) -> str:
    """Return the id of a run: made from what the run is, so that the demo played twice records the same runs.

    A live pipeline takes a new id for each run instead, as `headwater.log_run` does.
    """
    return str(uuid5(_NAMESPACE, f"{component} {at.isoformat()}"))


def digest(content: Content) -> str:
    """Return the SHA-256 of the file that would hold the content."""
    if isinstance(content, pd.DataFrame):
        text = content.to_csv(index=False)
    else:
        text = content.text if isinstance(content, Model) else json.dumps(content)
    return f"sha256:{sha256(text.encode()).hexdigest()}"
