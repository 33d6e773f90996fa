"""How a store is asked from afar: its methods as questions with parameters and an answer in JSON.

Both ends read the same signatures, so a method is told to both by its name below and to the client by one line more.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from headwater.errors import HeadwaterError
from headwater.graph.metrics.store import MetricStore, metrics_of
from headwater.graph.plain import Form, form_of, hints_of
from headwater.graph.store import DeletionStore, Subgraph

PATH = "/api/v1/store"
# Methods that change something, or tell whose data is to be forgotten, with the scope of the token that may ask them.
_FORGETTING = ("salt", "enter", "register", "keep", "kept", "drop", "scrub")
# The methods of what a store keeps of metrics have names of their own. A figure writes sums for who asks it next.
METRICS = "metrics."
_METRIC_WRITES = ("metrics.record", "metrics.figure", "metrics.claim", "metrics.settle")
WRITES: Mapping[str, str] = {
    **dict.fromkeys(("record", *_METRIC_WRITES), "write"),
    **dict.fromkeys(_FORGETTING, "delete"),
}
READS = (
    *("resolve", "resolve_all", "walk", "sources", "targets", "search", "unmade", "holders"),
    *("run", "runs", "newest_runs", "components", "annotations", "facets", "facts"),
    *("outputs", "components_of", "suspects", "dependencies", "input_ages"),
    *("watermark", "digest", "about", "stats"),
    *("labelled", "data_labels", "annotated", "names", "versions", "states", "starting", "durations", "has_erasures"),
    *("metrics.joined", "metrics.newest", "metrics.of_run", "metrics.values", "metrics.incidents"),
)
_ITEMS_PER_LINE = 500
# What takes as long as the graph or a window is large: the service says again and again that it is still at it.
LONG = ("digest", "scrub", "metrics.figure")
# Lists that are as long as a window is large: they come as streams, and are given whole.
LISTS = ("metrics.joined",)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a store: its parameters, those that must be given, and its answer, or the items of a stream."""

    name: str
    purpose: str
    params: Mapping[str, Form]
    needed: frozenset[str]
    answer: Form
    is_streamed: bool
    items_per_line: int

    def of(self, store: object) -> Callable[..., Any]:
        """Return the function of a store that answers; raise InvalidFact where a store keeps no metrics."""
        if self.name.startswith(METRICS):
            found: Callable[..., Any] = getattr(metrics_of(store), self.name.removeprefix(METRICS))
        else:
            found = getattr(store, self.name)
        return found

    def told(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document of a question."""
        return {name: self.params[name].encode(value) for name, value in given.items()}

    def understood(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that a document gives; raise InvalidFact, or ValueError naming what cannot be read."""
        if unknown := document.keys() - self.params.keys():
            raise ValueError(f"{min(unknown)} is no parameter of {self.name}")
        if missing := self.needed - document.keys():
            raise ValueError(f"{min(missing)} is missing")
        return {name: _named(name, self.params[name], value) for name, value in document.items()}


@cache
def method_of(name: str) -> Method:
    """Return a method by its name."""
    owner = MetricStore if name.startswith(METRICS) else DeletionStore
    function = getattr(owner, name.removeprefix(METRICS))
    hints = hints_of(function)
    answer = hints.pop("return")
    is_streamed = get_origin(answer) is Iterator or name in LISTS
    given = inspect.signature(function).parameters
    needed = frozenset(name for name in hints if given[name].default is inspect.Parameter.empty)
    item = get_args(answer)[0] if is_streamed else answer
    per_line = 1 if item is Subgraph else _ITEMS_PER_LINE
    purpose = str(inspect.getdoc(function)).partition("\n")[0]
    params = {param: form_of(hint) for param, hint in hints.items()}
    return Method(name, purpose, params, needed, form_of(item), is_streamed, per_line)


def _named(name: str, form: Form, value: Any) -> Any:
    try:
        return form.decode(value)
    except HeadwaterError:
        raise
    except (ValueError, TypeError) as exc:
        raise ValueError(f"{name}: {exc}") from exc
