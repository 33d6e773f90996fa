"""Sources whose files are one document each: every file read and parsed by itself, a bad one among many passed over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from headwater.errors import SourceError
from headwater.loaders.base import Place, Problem
from headwater.loaders.files import document, files

T = TypeVar("T")
Object: TypeAlias = Mapping[str, Any]


class Parsed(NamedTuple, Generic[T]):
    """One file's content, and how many bytes on disk have been read with it."""

    file: str
    content: T
    position: int


def documents(source: str, suffixes: Sequence[str], parse: Callable[[Path], T]) -> Iterator[Parsed[T] | Problem]:
    """Give what `parse` makes of each file, or the problem that it named with a SourceError.

    A source that is a single file which cannot be parsed raises that SourceError.
    """
    paths = files(source, suffixes)
    position = 0
    for path in paths:
        position += path.stat().st_size
        try:
            yield Parsed(str(path), parse(path), position)
        except SourceError as exc:
            if len(paths) == 1:
                raise
            yield Problem(Place(str(path)), str(exc), position=position)


def read_json(path: Path) -> Object:
    """Return the JSON object that a file holds, in UTF-8, UTF-16 or UTF-32. Raises SourceError."""
    content = document(path)
    try:
        found = json.loads(content)
    except UnicodeDecodeError as exc:
        raise SourceError(f"{path} is not in UTF-8: byte {exc.start} is 0x{exc.object[exc.start]:02x}") from exc
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"{path} is not whole JSON: {exc}") from exc
    return as_object(found, str(path))


def as_object(value: object, what: str) -> Object:
    """Return the JSON object; raise SourceError, saying `what` is none."""
    if not isinstance(value, dict):
        raise SourceError(f"{what} is {type(value).__name__}, not an object")
    return value


def as_list(value: object, what: str) -> Sequence[Any]:
    """Return the JSON list, of nothing for null; raise SourceError, saying `what` is none."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise SourceError(f"{what} is {type(value).__name__}, not a list")
    return value


def as_text(value: object, what: str) -> str:
    """Return the text that is not empty; raise SourceError, saying `what` is none."""
    if not isinstance(value, str) or not value:
        raise SourceError(f"{what} is {value!r}, not a text")
    return value


def objects(value: object) -> Iterator[Object]:
    """Give the objects of a JSON list, nothing of what is no list."""
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
