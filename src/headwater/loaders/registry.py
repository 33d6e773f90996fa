"""Loaders by the name of their kind, made with their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from headwater.errors import UsageError
from headwater.loaders.base import Loader
from headwater.loaders.kinds import Kind, by_name, load

GROUP = "headwater.loaders"


_OWN: tuple[Kind, ...] = (
    Kind("dvc", "headwater.loaders.dvc.loader:DvcLoader", "the history of a git repository that uses DVC", "dvc"),
    Kind("facts", "headwater.loaders.facts:FactsLoader", "Headwater's own facts, one a line"),
    Kind(
        "mlflow",
        "headwater.loaders.mlflow:MlflowLoader",
        "a tracking directory, database or server of MLflow",
        "mlflow",
    ),
    Kind("mlmd", "headwater.loaders.mlmd:MlmdLoader", "the SQLite file of ML Metadata (TFX, Kubeflow Pipelines)"),
    Kind("neo4j", "headwater.loaders.neo4j_graph:Neo4jLoader", "lineage in any Neo4j, by a mapping", "neo4j"),
    Kind("mltrace", "headwater.loaders.mltrace:MltraceLoader", "a database of mltrace, the prototype", "mltrace"),
    Kind(
        "openlineage",
        "headwater.loaders.openlineage:OpenLineageLoader",
        "events of OpenLineage, one a line or in a list",
    ),
    Kind("prov", "headwater.loaders.prov.loader:ProvLoader", "documents of W3C PROV: JSON, XML, RDF", "prov"),
    Kind("table", "headwater.loaders.table:TableLoader", "rows of CSV or Parquet that name runs and what they read"),
    Kind("wfformat", "headwater.loaders.wfformat:WfFormatLoader", "executed workflows in WfFormat of WfCommons"),
)


def kinds() -> Mapping[str, Kind]:
    """Return every kind that can be imported, by name."""
    return by_name(GROUP, _OWN)


def loader(kind: str, options: Mapping[str, str] | None = None) -> Loader:
    """Return the loader of a kind with its options.

    Raises UnknownKind, MissingExtra, and UsageError for an option that it does not have or cannot read.
    """
    made = load(kind, kinds())
    given = {name.replace("-", "_"): text for name, text in (options or {}).items()}
    types = {field.name: get_type_hints(made)[field.name] for field in fields(made)}
    for name in given:
        if name not in types:
            raise UsageError(f"{kind} has no option {name!r}", hint=f"its options: {', '.join(types) or 'none'}")
    found: Loader = made(**{name: _value(name, text, types[name]) for name, text in given.items()})
    return found


def _value(name: str, text: str, wanted: Any) -> Any:
    if wanted is bool:
        if text not in ("true", "false"):
            raise UsageError(f"option {name}={text!r} is neither true nor false")
        return text == "true"
    if wanted is int:
        if not text.lstrip("-").isdigit():
            raise UsageError(f"option {name}={text!r} is no whole number")
        return int(text)
    return text
