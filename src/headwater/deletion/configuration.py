"""The file that says how this pipeline is rerun and how its data is deleted.

[policy]
four_eyes = true                  # who approves is not who requested
file = "policy.toml"              # rules of one's own

[[rerun]]
component = "train"               # a glob
command = "python train.py {params.lr}"

[[rerun]]
component = "*"
webhook = "https://scheduler.example.com/reruns"
secret_env = "RERUN_SECRET"       # the variable that holds the secret

[[remove]]
name = "data/*"                   # a glob
files = "."                       # the folder in which the name is a file
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from headwater.deletion.removers import Files, RemoveCommand, Remover, Removers
from headwater.deletion.rerunners import Command, Rerunner, Rerunners
from headwater.deletion.webhook import Webhook
from headwater.errors import UsageError

T = TypeVar("T")

DEFAULT = Path(".headwater/forget.toml")


@dataclass(frozen=True, slots=True)
class Configuration:
    """How deletions are done here."""

    rerunners: Rerunners = field(default_factory=Rerunners)
    removers: Removers = field(default_factory=Removers)
    is_four_eyes: bool = False
    policy: Path | None = None


def load_configuration(path: Path | None = None) -> Configuration:
    """Return what the file says, nothing if the default one does not exist; raises UsageError naming the place."""
    place = path or DEFAULT
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        if path is None:
            return Configuration()
        raise UsageError(f"{place} does not exist") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(f"{place} cannot be read: {exc}") from exc
    return _configuration(found, place)


def _configuration(found: Mapping[str, Any], place: Path) -> Configuration:
    policy = found.get("policy", {})
    _only(found, {"policy", "rerun", "remove"}, str(place))
    _only(policy, {"four_eyes", "file"}, f"{place} [policy]")
    folder = place.parent.parent if place == DEFAULT else place.parent
    rules = policy.get("file")
    return Configuration(
        Rerunners(_each(found, "rerun", "component", place, lambda one: _rerunner(one, folder))),
        Removers(_each(found, "remove", "name", place, lambda one: _remover(one, folder))),
        bool(policy.get("four_eyes", False)),
        None if rules is None else folder / rules,
    )


def _each(
    found: Mapping[str, Any], table: str, key: str, place: Path, read: Callable[[dict[str, Any]], T]
) -> list[tuple[str, T]]:
    read_so_far = []
    for number, one in enumerate(found.get(table, []), 1):
        where = f"{place} [[{table}]] number {number}"
        try:
            given = dict(one)
            read_so_far.append((str(given.pop(key)), read(given)))
        except (KeyError, TypeError) as exc:
            raise UsageError(f"{where}: {exc} is missing or unknown", hint="docs/deletion.md shows the file") from exc
        except UsageError as exc:
            raise UsageError(f"{where}: {exc.message}", hint=exc.hint) from exc
    return read_so_far


def _rerunner(given: dict[str, Any], folder: Path) -> Rerunner:
    if "command" in given:
        return Command(given.pop("command"), folder / given.pop("folder", ""), **given)
    variable = given.pop("secret_env")
    return Webhook(given.pop("webhook"), os.environ.get(variable, ""), **given)


def _remover(given: dict[str, Any], folder: Path) -> Remover:
    if "files" in given:
        return Files(folder / given.pop("files"), **given)
    return RemoveCommand(given.pop("command"), folder / given.pop("folder", ""), **given)


def _only(found: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(found.keys() - known):
        raise UsageError(f"{where}: {unknown[0]!r} is not known", hint=f"use {', '.join(sorted(known))}")
