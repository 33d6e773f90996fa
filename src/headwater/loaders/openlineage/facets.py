"""What the facets mean that Headwater interprets; all others are kept as they came.

Pure functions from the facets of a run, job or dataset to the fields of facts. A facet marked `_deleted` says nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any

from headwater.graph.facts import PointerType
from headwater.loaders.openlineage.reading import (
    Dataset,
    Named,
    Object,
    a_name,
    an_object,
    objects,
    optional_text,
    text,
)

RUN_FACETS = frozenset(
    {"errorMessage", "executionParameters", "lineage", "parent", "processing_engine", "tags", "test"}
)
JOB_FACETS = frozenset({"documentation", "lineage", "ownership", "sourceCode", "sourceCodeLocation", "tags"})
DATASET_FACETS = frozenset(
    {
        *("columnLineage", "dataQualityAssertions", "dataQualityMetrics", "datasetType", "lifecycleStateChange"),
        *("lineage", "symlinks", "tags", "version"),
    }
)
VERSION = "version:"

_LONGEST_VERSION_BYTES = 480
_OUTCOMES = {"pass": "passed", "fail": "failed"}


def facet(facets: Object, name: str) -> Object | None:
    """Return the facet of this name, None when there is none or it was deleted."""
    found: Object | None = facets.get(name)
    return None if found is None or found.get("_deleted") is True else found


def said(facets: Object, name: str, key: str, pointer: str) -> str | None:
    """Return the text that a facet holds under `key`, if there is any; `pointer` is where the facets stand."""
    found = facet(facets, name)
    return None if found is None else optional_text(found, key, f"{pointer}/{name}")


def version_digest(dataset: Dataset) -> str | None:
    """Return the digest that stands for a dataset's version: `version:` and the version, None when none is said.

    A digest cannot hold an `@` and is short: `@` and `%` are percent-encoded, and a long version is hashed.
    """
    version = said(dataset.facets, "version", "datasetVersion", f"{dataset.at}/facets")
    if not version:
        return None
    plain = version.replace("%", "%25").replace("@", "%40").replace("\0", "%00")
    if len(plain.encode(errors="replace")) > _LONGEST_VERSION_BYTES:
        plain = f"sha256:{hashlib.sha256(version.encode(errors='replace')).hexdigest()}"
    return VERSION + plain


def version_of(digest: str) -> str:
    """Return the version that a digest stands for; a digest from elsewhere is its own version."""
    if not digest.startswith(VERSION):
        return digest
    return digest.removeprefix(VERSION).replace("%00", "\0").replace("%40", "@").replace("%25", "%")


def pointer_type(dataset: Dataset) -> PointerType | None:
    """Return `model` for a dataset that says to be one, else None."""
    kind = said(dataset.facets, "datasetType", "datasetType", f"{dataset.at}/facets")
    return "model" if kind and kind.upper() == "MODEL" else None


def aliases(dataset: Dataset) -> list[Named]:
    """Return the other names of a dataset that its symlinks tell."""
    found = facet(dataset.facets, "symlinks")
    if found is None:
        return []
    pointer = f"{dataset.at}/facets/symlinks/identifiers"
    told = [a_name(one, at) for one, at in objects(found.get("identifiers"), pointer)]
    return [named for named in dict.fromkeys(told) if named != dataset.named and named.name]


def change(dataset: Dataset) -> str | None:
    """Return what happened to a dataset: ALTER, CREATE, DROP, OVERWRITE, RENAME or TRUNCATE."""
    return said(dataset.facets, "lifecycleStateChange", "lifecycleStateChange", f"{dataset.at}/facets")


def previous(dataset: Dataset) -> Named | None:
    """Return the name that a dataset had before it was renamed, its own when it was altered, else None."""
    happened = change(dataset)
    if happened == "ALTER":
        return dataset.named
    found = facet(dataset.facets, "lifecycleStateChange") if happened == "RENAME" else None
    if not found or found.get("previousIdentifier") is None:
        return None
    pointer = f"{dataset.at}/facets/lifecycleStateChange/previousIdentifier"
    return a_name(an_object(found["previousIdentifier"], pointer), pointer)


def params(facets: Object) -> dict[str, Any]:
    """Return the parameters that a run was given, and the engine that it ran on."""
    listed = (facet(facets, "executionParameters") or {}).get("parameters")
    told = objects(listed, "/run/facets/executionParameters/parameters")
    found: dict[str, Any] = {text(one, "key", at): one.get("value") for one, at in told}
    if (engine := facet(facets, "processing_engine")) is not None:
        parts = (optional_text(engine, key, "/run/facets/processing_engine") for key in ("name", "version"))
        found["processing_engine"] = " ".join(part for part in parts if part)
    return found


def error(facets: Object) -> str | None:
    """Return the message of a run that failed."""
    return said(facets, "errorMessage", "message", "/run/facets")


def commit(facets: Object) -> str | None:
    """Return the version of the source code that a job ran."""
    return said(facets, "sourceCodeLocation", "version", "/job/facets")


def source(facets: Object) -> str | None:
    """Return the digest of the source code that a job ran."""
    code = said(facets, "sourceCode", "sourceCode", "/job/facets")
    return f"sha256:{hashlib.sha256(code.encode(errors='surrogatepass')).hexdigest()}" if code else None


def description(facets: Object) -> dict[str, Any]:
    """Return what is said of a job itself: the fields description, owner and tags of its component."""
    found: dict[str, Any] = {}
    if (told := facet(facets, "documentation")) is not None:
        found["description"] = optional_text(told, "description", "/job/facets/documentation")
    if (told := facet(facets, "ownership")) is not None:
        owners = objects(told.get("owners"), "/job/facets/ownership/owners")
        found["owner"] = ", ".join(text(one, "name", at) for one, at in owners) or None
    if (told := facet(facets, "tags")) is not None:
        found["tags"] = tuple(key if value in ("", "true") else f"{key}:{value}" for key, value in tags(told, "/job"))
    return found


def tags(found: Object, pointer: str) -> list[tuple[str, str]]:
    """Return the tags of a facet by key, without those of a single field."""
    listed = objects(found.get("tags"), f"{pointer}/facets/tags/tags")
    return [(text(one, "key", at), optional_text(one, "value", at) or "") for one, at in listed if not one.get("field")]


def ancestors(facets: Object) -> dict[str, str]:
    """Return the ids of the run's parent and of the root of its tree, as far as they are told."""
    parent = facet(facets, "parent")
    if parent is None:
        return {}
    pointer, root = "/run/facets/parent", "root"
    found = {"parent": _run_id(parent, pointer)}
    if parent.get(root) is not None:
        found[root] = _run_id(an_object(parent[root], f"{pointer}/{root}"), f"{pointer}/{root}")
    return found


def _run_id(found: Object, pointer: str) -> str:
    return text(an_object(found.get("run"), f"{pointer}/run"), "runId", f"{pointer}/run")
