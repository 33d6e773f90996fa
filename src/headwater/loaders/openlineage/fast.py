"""JSON by orjson where it is installed and writes what Headwater writes; else by the standard library.

An event is mostly facets that are only kept: parsing them and writing them again is most of what it costs. orjson
differs in the exponents of floats and rounds whole numbers beyond 64 bits, so a text that may hold either is not its.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from headwater.graph.values import JSON, CanonicalText

try:
    import orjson
except ModuleNotFoundError:
    IS_FAST = False
else:
    IS_FAST = True

Writer: TypeAlias = Callable[[JSON], JSON]

# Every digit as 0 and every exponent as e, so that one search finds any number.
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_LONG = b"0" * 17
_SMALL = b"0.0000"
_BEFORE_NUMBERS = b":,[ \t\r\n"


class Exact(dict[str, Any]):
    """An object that orjson parsed and will write as Headwater does."""

    __slots__ = ()


def parsed(content: bytes) -> Any:
    """Return the JSON value of strict JSON text in UTF-8. Raises ValueError, RecursionError."""
    if IS_FAST and content.startswith(b"{") and is_exact(content):
        try:
            found = orjson.loads(content)
        except orjson.JSONDecodeError:  # The standard library says what is wrong, and takes what it takes elsewhere.
            return _slowly(content)
        return Exact(found)
    return _slowly(content)


def is_exact(content: bytes) -> bool:
    """Say whether no number in a JSON object has an exponent, is close to 0, or is so long that it may be rounded.

    Texts that look like such numbers make it say no; that costs time alone.
    """
    alike = content.translate(_ALIKE)
    return _SMALL not in content and _LONG not in alike and not _has_exponents(alike)


def _has_exponents(alike: bytes) -> bool:
    at = alike.find(b"0e")
    while at >= 0:
        begin = at
        while alike[begin] in b"0.":
            begin -= 1
        if alike[begin - (alike[begin] == ord("-"))] in _BEFORE_NUMBERS:
            return True
        at = alike.find(b"0e", at + 2)
    return False


def writer(event: object) -> Writer:
    """Return what turns the facets of an event into what facts hold: their text where that is fast, else themselves."""
    return _text if type(event) is Exact else itself


def texts(facets: Mapping[str, Any], write: Writer) -> dict[str, JSON]:
    """Return the facets as facts hold them."""
    return {name: write(facet) for name, facet in facets.items()}


def _text(value: JSON) -> JSON:
    return CanonicalText(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())


def itself(value: JSON) -> JSON:
    """Return the facet as it is."""
    return value


def _slowly(content: bytes) -> Any:
    return json.loads(content, parse_constant=refused)


def refused(constant: str) -> Any:
    """Refuse NaN and the infinities, which JSON has not."""
    raise ValueError(f"{constant} is no JSON")
