"""Kinds of sources and of exports by name: our own, and those that others add by entry points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from headwater.errors import MissingExtra, UnknownKind


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the class of a kind is found, what it reads or writes in one line, and the extra that it needs."""

    name: str
    target: str
    about: str
    extra: str | None = None


def by_name(group: str, own: Iterable[Kind]) -> Mapping[str, Kind]:
    """Return our own kinds and those of an entry-point group, by name, sorted; ours win."""
    others = [Kind(point.name, point.value, f"see {point.module}") for point in entry_points(group=group)]
    found = {kind.name: kind for kind in (*others, *own)}
    return dict(sorted(found.items()))


def load(name: str, known: Mapping[str, Kind]) -> Any:
    """Return the class of a kind. Raises UnknownKind, and MissingExtra when a package that it needs is not there."""
    if name not in known:
        raise UnknownKind(f"there is no kind {name!r}", hint=f"there are {', '.join(known)}")
    kind = known[name]
    module, _, attribute = kind.target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as exc:
        hint = f"pip install 'headwater[{kind.extra}]'" if kind.extra else f"install {exc.name}"
        raise MissingExtra(f"{name} needs the package {exc.name}", hint=hint) from exc
