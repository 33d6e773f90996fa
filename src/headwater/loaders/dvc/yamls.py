"""YAML 1.2 as DVC writes it: `on` is a text and `1e-05` a number, which YAML 1.1 has the other way round.

libyaml reads the syntax; the values are made here from its events, without recursion: PyYAML's own constructor
follows YAML 1.1, and a document that is nested deeply enough ends its process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent

from headwater.errors import SourceError

try:
    from yaml import CSafeLoader as _Parser
except ImportError:  # PyYAML was built without libyaml: slower, the same answers
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

MAX_VALUES = 1_000_000
MAX_DEPTH = 200
MAX_DIGITS = 300
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# JSON has no such numbers, so they stay texts, in the one spelling that Python has for them.
_NO_NUMBER = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMERIC = frozenset("-+.0123456789")
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset(f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_MERGE = "<<"
_NOTHING = object()


class BadYaml(SourceError):
    """A text is not YAML, or not of the kind that a file of DVC may hold; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def load(content: bytes) -> Any:
    """Return what a YAML document holds, as JSON can hold it: infinities become texts, and so do keys.

    Raises BadYaml with the line.
    """
    try:
        parser = _Parser(content)
        try:
            found = _Document(parser.get_event).read()
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise BadYaml(f"not YAML: {exc.problem or exc.context}", mark.line + 1 if mark else None) from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise BadYaml(f"not YAML: {str(exc).partition(chr(10))[0]}") from exc
    # Only anchors can make a document larger than its text.
    return plain(found) if b"&" in content else found


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it. Raises BadYaml when its aliases unfold to a million values and more."""
    return _Unfolded().made(value)


class _Unfolded:
    """Copies a value, counting."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def made(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise BadYaml(f"its aliases unfold to more than {MAX_VALUES:,} values")
        if isinstance(value, dict):
            return {str(key): self.made(item) for key, item in value.items()}
        if isinstance(value, list):
            return list(map(self.made, value))
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value


class _Open:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "key", "merged", "value")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value, self.anchor = value, anchor
        self.key: Any = _NOTHING
        self.merged: dict[str, Any] = {}


class _Document:
    """Makes values of one document's events."""

    _STARTS: ClassVar[dict[type, Callable[[], Any]]] = {MappingStartEvent: dict, SequenceStartEvent: list}

    def __init__(self, next_event: Callable[[], Any]) -> None:
        self._next_event = next_event
        self._open: list[_Open] = []
        self._anchors: dict[str, Any] = {}
        self._root: Any = _NOTHING

    def read(self) -> Any:
        """Return the value of the whole document; None of an empty one."""
        while (event := self._next_event()) is not None:
            if isinstance(event, ScalarEvent):
                self._put(self._remembered(event, _scalar(event)), event)
            elif (start := self._STARTS.get(type(event))) is not None:
                self._begin(event, start())
            elif isinstance(event, CollectionEndEvent):
                self._end(event)
            elif isinstance(event, AliasEvent):
                self._put(self._named(event), event)
        return None if self._root is _NOTHING else self._root

    def _begin(self, event: Any, value: Any) -> None:
        _check_tag(event)
        if len(self._open) >= MAX_DEPTH:
            raise BadYaml(f"nested more than {MAX_DEPTH} deep", _line(event))
        self._open.append(_Open(value, event.anchor))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        value = {**done.merged, **done.value} if done.merged else done.value
        if done.anchor:
            self._anchors[done.anchor] = value
        self._put(value, event)

    def _put(self, value: Any, event: Any) -> None:
        """Hang a whole value where it belongs."""
        if not self._open:
            if self._root is not _NOTHING:
                raise BadYaml("a second document begins", _line(event))
            self._root = value
            return
        into = self._open[-1]
        if isinstance(into.value, list):
            into.value.append(value)
        elif into.key is _NOTHING:
            into.key = _key(value, into.value, event)
        else:
            _set(into, value, event)
            into.key = _NOTHING

    def _remembered(self, event: ScalarEvent, value: Any) -> Any:
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _named(self, event: AliasEvent) -> Any:
        """Return what an alias stands for; a list that holds itself is not whole yet and has no name."""
        if event.anchor not in self._anchors:
            raise BadYaml(f"the alias {event.anchor!r} stands for nothing", _line(event))
        return self._anchors[event.anchor]


def _key(value: Any, known: dict[str, Any], event: Any) -> str:
    if isinstance(value, (dict, list)):
        raise BadYaml("a key is no text", _line(event))
    key = value if isinstance(value, str) else getattr(event, "value", None) or str(value)
    if key in known:
        raise BadYaml(f"the key {key!r} stands here twice", _line(event))
    return key


def _set(into: _Open, value: Any, event: Any) -> None:
    if into.key != _MERGE:
        into.value[into.key] = value
        return
    for one in reversed(value if isinstance(value, list) else [value]):
        if not isinstance(one, dict):
            raise BadYaml("what is merged is no mapping", _line(event))
        into.merged |= one


def _scalar(event: ScalarEvent) -> Any:
    _check_tag(event)
    text: str = event.value
    # A plain scalar is what it looks like; quotes and the tag !!str make it a text.
    if not event.implicit[0] and event.tag in (None, "!", f"{_TAG}str"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC else text


def _number(text: str) -> Any:
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10)) if len(text) <= MAX_DIGITS else text
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else str(value)
    if found := _NO_NUMBER.fullmatch(text):
        return f"{found[1].replace('+', '')}inf" if found[1] is not None else "nan"
    return text


def _check_tag(event: NodeEvent) -> None:
    tag = getattr(event, "tag", None)
    if tag not in (None, "!") and tag not in _KNOWN_TAGS:
        raise BadYaml(f"the tag {tag!r} has no meaning here", _line(event))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
