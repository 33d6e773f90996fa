"""PROV files as documents of the prov library; what cannot be read of one is named, the rest is kept."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prov import Error as ProvError
from prov.model import ProvDocument
from prov.serializers import DoNotExist

from headwater.errors import MissingExtra, SourceError
from headwater.loaders.files import document

# By the last part of the name: the library's name of the format, and the name of its RDF syntax.
FORMATS: Mapping[str, tuple[str, str | None]] = {
    ".json": ("json", None),
    ".provn": ("provn", None),
    ".xml": ("xml", None),
    ".provx": ("xml", None),
    ".jsonld": ("jsonld", None),
    ".ttl": ("rdf", "turtle"),
    ".trig": ("rdf", "trig"),
    ".rdf": ("rdf", "xml"),
    ".nt": ("rdf", "nt"),
    ".nq": ("rdf", "nquads"),
}
SUFFIXES = tuple(FORMATS)

# What the library and its parsers raise for text that is not what it should be; they promise no common class.
_UNREADABLE = (ProvError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, RecursionError)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A part of a document that could not be read (`is_lost`), or that the library doubts."""

    path: str
    reason: str
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A document, and what is wrong with it."""

    document: ProvDocument
    doubts: tuple[Doubt, ...] = ()


def read_prov(path: Path) -> Read:
    """Return the document that a file holds and what is wrong with it. Raises SourceError when it is none at all."""
    kind, syntax = FORMATS.get(Path(path.name.removesuffix(".gz")).suffix.lower(), FORMATS[".json"])
    text = _text(path)
    if kind != "json":
        options = {} if syntax is None else {"rdf_format": syntax}
        return _parse(path, text, kind, options)
    container = _json(path, text)
    try:
        return _parse(path, text, "json", {})
    except SourceError:
        sound, doubts = _sound_part(container)
        found = _parse(path, json.dumps(sound), "json", {})
        return Read(found.document, (*doubts, *found.doubts))


def _text(path: Path) -> str:
    content = document(path)
    try:
        return content.decode(json.detect_encoding(content) if path.suffix == ".json" else "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SourceError(f"{path} is not in UTF-8: byte {exc.start} is 0x{content[exc.start]:02x}") from exc


def _json(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"{path} is not whole JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise SourceError(f"{path} holds {type(found).__name__}, not the object that a PROV-JSON document is")
    return found


def _parse(path: Path, text: str, kind: str, options: Mapping[str, Any]) -> Read:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = ProvDocument.deserialize(content=text, format=kind, **options)
        except DoNotExist as exc:
            raise MissingExtra(f"{path}: {exc}", hint="pip install 'headwater[prov]'") from exc
        except _UNREADABLE as exc:
            raise SourceError(f"{path} is no {kind} document of PROV: {type(exc).__name__}: {exc}") from exc
    return Read(found, tuple(Doubt("", str(warning.message), is_lost=False) for warning in said))


def _sound_part(container: Mapping[str, Any]) -> tuple[dict[str, Any], list[Doubt]]:
    """Return the document without each record that the library refuses by itself, and those records."""
    prefix = container.get("prefix", {})
    sound: dict[str, Any] = {"prefix": prefix} if _refusal({"prefix": prefix}) is None else {}
    doubts = [] if sound else [Doubt("prefix", str(_refusal({"prefix": prefix})), is_lost=True)]
    for section, ident, record in _records(container):
        reason = _refusal({**({"prefix": prefix} if sound else {}), section: {ident: record}})
        if reason is None:
            sound.setdefault(section, {})[ident] = record
        else:
            doubts.append(Doubt(f"{section} {ident}", reason, is_lost=True))
    return sound, doubts


def _records(container: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, records in container.items():
        if section != "prefix":
            yield from ((section, ident, record) for ident, record in _members(records))


def _members(records: object) -> Iterator[tuple[str, Any]]:
    yield from records.items() if isinstance(records, dict) else [("", records)]


def _refusal(container: Mapping[str, Any]) -> str | None:
    """Return why the library refuses this document, None when it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ProvDocument.deserialize(content=json.dumps(container), format="json")
        except _UNREADABLE as exc:
            return f"{type(exc).__name__}: {exc}"
    return None
