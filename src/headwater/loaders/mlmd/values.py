"""The values of ML Metadata's properties, as JSON."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headwater.errors import SourceError
from headwater.graph.values import JSON
from headwater.loaders.relational import MOST_CHARACTERS, plain, seal

_STRUCT = "mlmd-struct::"
_VARINT, _FIXED64, _BYTES = 0, 1, 2
_BLOBS = ("byte_value", "proto_value")


def property_value(row: Mapping[str, Any]) -> JSON:
    """Return the one value of a property's row: a number, text, truth value, structure, or bytes as base64.

    Raises SourceError for a structure that is damaged.
    """
    if row.get("bool_value") is not None:
        return bool(row["bool_value"])
    for column in _BLOBS:
        if (content := row.get(column)) is not None:
            return _packed(bytes(content))
    text = row["string_value"]
    if isinstance(text, str) and text.startswith(_STRUCT):
        return _structure(text)
    return plain(
        next((row[name] for name in ("int_value", "double_value", "string_value") if row[name] is not None), None)
    )


def _packed(content: bytes) -> JSON:
    text = base64.b64encode(content).decode()
    return {"base64": text} if len(text) <= MOST_CHARACTERS else seal(content)


def _structure(text: str) -> JSON:
    """Read a google.protobuf.Struct, which is how the store writes values that have parts."""
    try:
        return _struct(base64.b64decode(text.removeprefix(_STRUCT), validate=True))
    except (binascii.Error, IndexError, ValueError, struct.error, RecursionError) as exc:
        raise SourceError(f"the structure {text[:60]!r} is damaged: {exc}") from exc


def _struct(message: bytes) -> dict[str, JSON]:
    """Read fields 1, each an entry whose field 1 is the key and field 2 the value."""
    found: dict[str, JSON] = {}
    for _, entry in _fields(message):
        parts = dict(_fields(entry))
        found[parts.get(1, b"").decode()] = _value(parts.get(2, b""))
    return found


def _value(message: bytes) -> JSON:
    """Read a google.protobuf.Value; of its fields exactly one is there."""
    for number, content in _fields(message):
        if number in _KINDS:
            return _KINDS[number](content)
    return None


_KINDS: Mapping[int, Callable[[Any], JSON]] = {
    2: lambda content: plain(struct.unpack("<d", content)[0]),
    3: lambda content: plain(content.decode()),
    4: bool,
    5: _struct,
    6: lambda content: [_value(item) for _, item in _fields(content)],
}


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Give the number and content of each field of a message in the wire format of protocol buffers."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            content, at = _varint(message, at)
            yield tag >> 3, content
            continue
        if kind not in (_FIXED64, _BYTES):
            raise ValueError(f"a field of wire type {kind}")
        size, at = (8, at) if kind == _FIXED64 else _varint(message, at)
        if at + size > len(message):
            raise ValueError("it ends too early")
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte == byte & 0x7F:
            return value, at
