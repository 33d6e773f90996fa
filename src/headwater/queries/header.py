"""The header of a query template: what the query is called, takes, gives and costs.

    name: trace/upstream(ids)
    Everything that these states and runs were derived from.
    param ids: list[str]   ids of states and runs
    returns: id str, kind str, links json
    order: id
    cost: one index seek a start, then the nodes and edges upstream
    browser: :param ids => ['predictions.csv@r3']

The lines stand in this order; `order:` and the parameters may be absent. A long `param` or `returns:` line
goes on, after a comma, on the next line, which two blanks indent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from headwater.queries.body import refuse

_PURPOSE = "purpose"
_KINDS = ("name:", _PURPOSE, "param ", "returns:", "order:", "cost:", "browser:")
_PLACE = {kind: place for place, kind in enumerate(_KINDS)}
_REQUIRED = ("name:", _PURPOSE, "returns:", "cost:")
_REPEATED = (_PURPOSE, "param ", "browser:")
_LONG = ("param ", "returns:")
_KIND = re.compile("name:|param |returns:|order:|cost:|browser:")
_NAME = re.compile(r"name: ([a-z][a-z0-9]*/[a-z0-9_]+)\(((?:\w+(?:, \w+)*)?)\)")
_PARAM = re.compile(
    r"param ([a-z][a-z0-9_]*): (?:rows\{([^{}]*)\}|([a-z]+(?:\[[a-z]+\])?(?: \| null)?))(?: +([^|\s].*))?"
)
_BROWSER = re.compile(r"browser: (:param (\w+) => \S.*)")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_SCALARS = frozenset({"str", "int", "float", "bool", "datetime"})
_SCALARS_AND_JSON = _SCALARS | {"json"}
_LISTS = frozenset({"list[str]", "list[int]"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer, or a field of a batch; `json` is text that holds a JSON document."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Param:
    """A declared parameter; the type `rows` is a batch, whose `fields` each row has."""

    name: str
    type: str
    nullable: bool
    fields: tuple[Column, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header that keeps the format.

    `lines` are its lines without the comment sign, `param_lines` the numbers of those that declare a
    parameter and `browser` those that set an example of each in Neo4j Browser.
    """

    lines: tuple[str, ...]
    name: str
    purpose: str
    params: tuple[Param, ...]
    param_lines: tuple[int, ...]
    columns: tuple[Column, ...]
    order: str | None
    cost: str
    browser: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    kind: str
    text: str

    @property
    def value(self) -> str:
        return self.text.removeprefix(self.kind).strip()


def read_header(lines: tuple[str, ...], path: str) -> Header:
    """Read a header from its lines without their comment sign.

    Raises InvalidTemplate for a line that is malformed, missing or out of place, an unknown type and a
    doubled parameter.
    """
    groups = _grouped(_joined(lines, path), path)
    params = _params(groups["param "], path)
    return Header(
        lines=lines,
        name=_name(groups["name:"][0], params, path),
        purpose="\n".join(line.text for line in groups[_PURPOSE]),
        params=params,
        param_lines=tuple(line.number for line in groups["param "]),
        columns=_columns(groups["returns:"][0], path),
        order=groups["order:"][0].value if groups["order:"] else None,
        cost=groups["cost:"][0].value,
        browser=_browser(groups["browser:"], params, path),
    )


def _joined(lines: Iterable[str], path: str) -> Iterator[_Line]:
    """Yield the lines with continued ones put together, each under its first number."""
    held: _Line | None = None
    for number, text in enumerate(lines, 1):
        if held and held.kind in _LONG and held.text.endswith(","):
            if not text.startswith("  "):
                raise refuse(
                    path,
                    number,
                    f"malformed header line {text!r}; after a comma two blanks indent it",
                )
            held = _Line(held.number, held.kind, f"{held.text} {text.strip()}")
            continue
        if held:
            yield held
        found = _KIND.match(text)
        held = _Line(number, found[0] if found else _PURPOSE, text)
    if held:
        yield held


def _grouped(lines: Iterable[_Line], path: str) -> Mapping[str, Sequence[_Line]]:
    """Sort the lines by kind, and check that each stands in its place and as often as it may."""
    groups: dict[str, list[_Line]] = {kind: [] for kind in _KINDS}
    place = 0
    for line in lines:
        if _PLACE[line.kind] < place:
            raise refuse(path, line.number, f"malformed header line {line.text!r}; it cannot stand here")
        if groups[line.kind] and line.kind not in _REPEATED:
            raise refuse(path, line.number, f"malformed header: a second line {line.kind!r}")
        if not line.value:
            raise refuse(path, line.number, f"malformed header line {line.text!r}; it says nothing")
        place = _PLACE[line.kind]
        groups[line.kind].append(line)
    for kind in _REQUIRED:
        if not groups[kind]:
            raise refuse(path, 1, f"the header has no line {kind!r}, which is required")
    return groups


def _name(line: _Line, params: Sequence[Param], path: str) -> str:
    found = _NAME.fullmatch(line.text)
    if not found:
        raise refuse(path, line.number, f"malformed header line {line.text!r}; write name: subject/name(param, param)")
    declared = ", ".join(param.name for param in params)
    if found[2] != declared:
        raise refuse(
            path,
            line.number,
            f"the name lists the parameters ({found[2]}), the lines declare ({declared})",
        )
    return found[1]


def _params(lines: Iterable[_Line], path: str) -> tuple[Param, ...]:
    params: list[Param] = []
    taken: set[str] = set()
    for line in lines:
        param = _param(line, path)
        for name in (param.name, *(field.name for field in param.fields)):
            if name in taken:
                raise refuse(path, line.number, f"the parameter {name!r} is declared twice")
            taken.add(name)
        if param.fields and any(known.fields for known in params):
            raise refuse(path, line.number, f"{param.name!r} is a second rows parameter; a query takes one at most")
        params.append(param)
    return tuple(params)


def _param(line: _Line, path: str) -> Param:
    found = _PARAM.fullmatch(line.text)
    if not found:
        raise refuse(path, line.number, f"malformed header line {line.text!r}; write param NAME: TYPE   meaning")
    name, fields, kind, meaning = found.groups(default="")
    if kind:
        column = _column(name, kind, line, path, _SCALARS)
        return Param(name, column.type, column.nullable, (), meaning)
    return Param(name, "rows", False, _items(fields, ": ", line, path, _SCALARS), meaning)


def _columns(line: _Line, path: str) -> tuple[Column, ...]:
    return () if line.value == "nothing" else _items(line.value, " ", line, path, _SCALARS_AND_JSON)


def _items(text: str, between: str, line: _Line, path: str, scalars: frozenset[str]) -> tuple[Column, ...]:
    """Read `name type, name type`, where `between` parts the two; each name once."""
    columns: dict[str, Column] = {}
    for item in text.split(","):
        name, _, kind = item.strip().partition(between)
        if not _WORD.fullmatch(name) or not kind:
            raise refuse(path, line.number, f"malformed header: {item.strip()!r} is not 'name{between}type'")
        if name in columns:
            raise refuse(path, line.number, f"{name!r} is declared twice")
        columns[name] = _column(name, kind, line, path, scalars)
    return tuple(columns.values())


def _column(name: str, kind: str, line: _Line, path: str, scalars: frozenset[str]) -> Column:
    bare = kind.removesuffix(" | null")
    if kind not in _LISTS and bare not in scalars:
        raise refuse(path, line.number, f"unknown type {kind!r} of {name!r}")
    return Column(name, bare, bare != kind)


def _browser(lines: Sequence[_Line], params: Sequence[Param], path: str) -> tuple[str, ...]:
    """Return the `:param` lines, one a parameter in the order of the parameters."""
    examples: dict[str, str] = {}
    for line, param in zip(lines, params, strict=False):
        found = _BROWSER.fullmatch(line.text)
        if not found or found[2] != param.name:
            raise refuse(
                path,
                line.number,
                f"malformed header line {line.text!r}; write browser: :param {param.name} => VALUE",
            )
        examples[param.name] = found[1]
    if len(lines) > len(params):
        raise refuse(path, lines[len(params)].number, "malformed header: more 'browser:' lines than parameters")
    if len(lines) < len(params):
        raise refuse(path, 1, f"the header has no line 'browser:' for {params[len(lines)].name!r}, which is required")
    return tuple(examples.values())
