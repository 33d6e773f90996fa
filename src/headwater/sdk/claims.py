"""From a variable's value to the pointers that it stands for.

A text or path names a pointer, and so does each of a list of them, or an open file. Any other value is an artifact: a
pointer named after its variable, with the digest of its content. `pointer` gives a value a name of its own.
"""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from headwater.errors import InvalidFact, InvalidName
from headwater.graph.facts import Input, Labels, Output, PointerType
from headwater.graph.values import JSON, check_name
from headwater.sdk.content import digest_of
from headwater.sdk.faults import tell
from headwater.sdk.files import FileMark, digest_of_file, mark_file

MOST_REMEMBERED = 4096
_PLAIN = (bool, int, float, complex, str, bytes, type(None))


class Named(NamedTuple):
    """The name and type that somebody gave a value."""

    name: str
    type: PointerType | None = None


class Claim(NamedTuple):
    """One pointer that a run read or wrote. The file that it names is marked now and read later, in another thread."""

    name: str
    digest: str | None = None
    type: PointerType | None = None
    mark: FileMark | None = None
    at: datetime | None = None
    state: str | None = None
    facets: Mapping[str, JSON] = MappingProxyType({})
    labels: Labels = MappingProxyType({})

    def as_input(self) -> Input:
        """Return the claim to have read it."""
        digest, facets = self._content() if self.state is None else (self.digest, self.facets)
        return Input(self.name, self.at, digest, self.state, facets, self.labels)

    def as_output(self) -> Output:
        """Return the claim to have written it."""
        digest, facets = self._content()
        return Output(self.name, digest, self.type, facets, self.labels)

    def _content(self) -> tuple[str | None, Mapping[str, JSON]]:
        if self.digest is not None or self.mark is None:
            return self.digest, self.facets
        found = digest_of_file(self.mark)
        return found.digest, self.facets if found.reason is None else {**self.facets, "undigested": found.reason}


class Names:
    """Names of values: those that `pointer` gave, and those under which their content was written in this process."""

    def __init__(self) -> None:
        self._given: dict[int, tuple[weakref.ref[Any], Named]] = {}
        self._written: OrderedDict[str, Named] = OrderedDict()

    def give(self, value: object, named: Named) -> bool:
        """Name the value for as long as it lives; return False when it cannot be followed (numbers, texts, lists)."""
        key = id(value)
        try:
            reference = weakref.ref(value, lambda _: self._given.pop(key, None))
        except TypeError:
            return False
        self._given[key] = reference, named
        return True

    def of(self, value: object) -> Named | None:
        """Return the name that the value was given."""
        reference, named = self._given.get(id(value), (None, None))
        return named if reference is not None and reference() is value else None

    def remember(self, digest: str, named: Named) -> None:
        """Keep under which name this content was written."""
        self._written[digest] = named
        self._written.move_to_end(digest)
        if len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)

    def written_as(self, digest: str) -> Named | None:
        """Return the name under which this content was last written in this process."""
        return self._written.get(digest)


names = Names()


def file_claim(name: str, **said: Any) -> Claim:
    """Return the claim about a name, with the mark of the file if it is one; raise InvalidName."""
    return Claim(check_name(name), mark=mark_file(name), **said)


def claims_of(variable: str, value: object, given: Named | None, *, written: bool) -> Iterator[Claim]:
    """Give the pointers that a variable's value stands for; none for None.

    Raises InvalidName for a text that can be no name.
    """
    named = given or names.of(value)
    if named is not None:
        yield _artifact(named, value, written=written)
    elif value is None:
        return
    elif (texts := _texts(value)) is not None:
        yield from map(file_claim, texts)
    else:
        yield _artifact(Named(variable), value, written=written)


def _artifact(named: Named, value: object, *, written: bool) -> Claim:
    if not named.name:
        raise InvalidName(f"a {type(value).__name__} has no name", hint="pass name=..., or use headwater.pointer")
    content = digest_of(value)
    if content.digest is None:
        return Claim(check_name(named.name), None, named.type, facets={"undigested": content.reason})
    if not _is_common(value):
        if written:
            names.remember(content.digest, named)
        else:
            named = names.written_as(content.digest) or named
    return Claim(check_name(named.name), content.digest, named.type)


def _is_common(value: object) -> bool:
    """Whether equal content says nothing about where it came from: numbers, texts, anything empty."""
    return isinstance(value, _PLAIN) or (isinstance(value, (list, tuple, dict, set, frozenset)) and not value)


def _texts(value: object) -> list[str] | None:
    """Return the names that a text, a path, an open or closed file, or a list of texts and paths holds."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_path(one) for one in value] if value and all(_is_name(one) for one in value) else None
    if _is_name(value):
        return [_path(value)]
    name = getattr(value, "name", None) if hasattr(value, "closed") and hasattr(value, "fileno") else None
    return [name] if isinstance(name, str) else None


def _is_name(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))


def _path(value: Any) -> str:
    """Return the name as text, with slashes; the parts of a path that are no text are kept as escapes."""
    if isinstance(value, str):
        return value
    as_posix = getattr(value, "as_posix", None)
    return os.fsdecode(value) if as_posix is None else str(as_posix())


def captured(variable: str, value: object, given: Named | None, *, written: bool) -> tuple[list[Claim], str | None]:
    """Return the pointers that a variable's value stands for, and why there are none: a line for the run's warnings."""
    try:
        found = list(claims_of(variable, value, given, written=written))
    except InvalidFact as exc:
        return [], f"{variable}: {exc.message}"
    except Exception as exc:  # noqa: BLE001  # the attributes of a foreign value may raise anything
        tell("capturing a variable", exc)
        return [], f"{variable}: {type(exc).__name__}: {exc}"
    return found, None if found else f"{variable} is None: nothing to point to"
