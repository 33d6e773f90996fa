"""The header of a query file: the leading comment block that declares the query. Knows no body, no folder and no database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile, zip_longest
from typing import Literal

from headwater.errors import InvalidTemplate

Dialect = Literal["sql", "cypher"]

COMMENT: Mapping[Dialect, str] = {"sql": "--", "cypher": "//"}

_SCALARS = ("str", "int", "float", "bool", "datetime")
_LISTS = ("list[str]", "list[int]")
_ORDER = ("name", "purpose", "param", "returns", "order", "cost", "browser")
_ONCE = ("name", "returns", "order", "cost")
_TYPE_HINT = "types are str, int, float, bool, datetime (each optionally `| null`), list[str], list[int] and rows{field: type, ...}"

_KEYWORD = re.compile(r"(?:(name|returns|order|cost|browser):|(param)\b(?!:))[ ]*(.*)")
_NAME = re.compile(r"([a-z]\w*/\w+)\(([^()]*)\)")
_PARAM = re.compile(r"([A-Za-z]\w*):[ ]+(rows\{[^}]*\}|\S.*?)(?:[ ]{2,}(.*))?")
_FIELD = re.compile(r"([A-Za-z]\w*):[ ]+(.+)")
_COLUMN = re.compile(r"([A-Za-z]\w*)[ ]+(.+)")
_BROWSER = re.compile(r":param ([A-Za-z]\w*) => \S.*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a query file, with the place that its complaints name."""

    path: str
    number: int
    text: str

    def refuse(self, problem: str, hint: str = "") -> InvalidTemplate:
        """Return the error that names this line as `path:line: problem`."""
        return InvalidTemplate(f"{self.path}:{self.number}: {problem}", hint=hint)


@dataclass(frozen=True, slots=True)
class Param:
    """A declared parameter, or a field of a `rows` parameter; `type` is the word of the header, without `| null`."""

    name: str
    type: str
    nullable: bool = False
    fields: tuple[Param, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A returned column; `type` is the word of the header, without `| null`."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Header:
    """What a header declares; `declared_at` is the line of each parameter, `lines` are all of them without comment marks."""

    name: str
    purpose: str
    params: tuple[Param, ...]
    columns: tuple[Column, ...]
    order: str | None
    cost: str
    browser: tuple[str, ...]
    declared_at: Mapping[str, Line]
    lines: tuple[Line, ...]

    @property
    def rows(self) -> Param | None:
        """The batch parameter, if the query has one."""
        return next((param for param in self.params if param.type == "rows"), None)


@dataclass(frozen=True, slots=True)
class _Entry:
    line: Line
    keyword: str
    text: str

    def is_continued_by(self, line: Line) -> bool:
        if self.keyword in ("name", "purpose"):
            return False
        return line.text.startswith("  ") or (self.keyword == "param" and not _is_closed(self.text))


def split(text: str, path: str, dialect: Dialect) -> tuple[tuple[Line, ...], str]:
    """Return the header's lines without their comment marks, and the text after the header.

    Raises InvalidTemplate for a file without a header, or with a comment mark that no blank and no text follow.
    """
    mark = COMMENT[dialect]
    raw = list(takewhile(lambda one: one.startswith(mark), text.split("\n")))
    lines = tuple(_header_line(Line(path, number, one.rstrip("\r")), mark) for number, one in enumerate(raw, start=1))
    if not lines:
        raise Line(path, 1, "").refuse(f"the file does not begin with `{mark} name: subject/name(...)`")
    return lines, "\n".join(text.split("\n")[len(raw) :])


def parse_header(lines: tuple[Line, ...]) -> Header:
    """Return what the lines declare. Raises InvalidTemplate with the line that breaks the format."""
    entries = list(_entries(lines))
    _check_sequence(entries, lines[-1])
    of = {word: [entry for entry in entries if entry.keyword == word] for word in _ORDER}
    name, listed = _name(of["name"][0])
    params = tuple(_param(entry) for entry in of["param"])
    header = Header(
        name=name,
        purpose="\n".join(entry.text for entry in of["purpose"]),
        params=params,
        columns=_columns(of["returns"][0]),
        order=next((entry.text for entry in of["order"]), None),
        cost=of["cost"][0].text,
        browser=tuple(entry.text for entry in of["browser"]),
        declared_at={param.name: entry.line for param, entry in zip(params, of["param"], strict=True)},
        lines=lines,
    )
    _check_params(header, listed, of["param"])
    _check_browser(header, of["browser"])
    return header


def _header_line(line: Line, mark: str) -> Line:
    rest = line.text.removeprefix(mark)
    if not rest.startswith(" ") or not rest.strip():
        raise line.refuse(
            f"a header line is `{mark} ` and then text, not {line.text!r}",
            hint="leave an empty line between the header and a comment of the body",
        )
    return replace(line, text=rest[1:])


def _entries(lines: Sequence[Line]) -> Iterator[_Entry]:
    current: _Entry | None = None
    for line in lines:
        if current and current.is_continued_by(line):
            current = replace(current, text=f"{current.text} {line.text.strip()}")
            continue
        following = _entry(line, current)
        if current:
            yield current
        current = following
    if current:
        yield current


def _entry(line: Line, before: _Entry | None) -> _Entry:
    if keyword := _KEYWORD.match(line.text):
        return _Entry(line, keyword[1] or keyword[2], keyword[3].strip())
    if before is None or before.keyword in ("name", "purpose"):
        return _Entry(line, "purpose", line.text.strip())
    raise line.refuse(
        f"not a header line: {line.text!r}",
        hint="after the purpose come `param NAME: TYPE`, `returns:`, `order:`, `cost:` and `browser:`; a long one goes on, indented",
    )


def _check_sequence(entries: Sequence[_Entry], last: Line) -> None:
    if entries[0].keyword != "name":
        raise entries[0].line.refuse("the first line is `name: subject/name(param, param)`")
    for before, entry in zip(entries, entries[1:], strict=False):
        if entry.keyword == before.keyword and entry.keyword in _ONCE:
            raise entry.line.refuse(f"a second `{entry.keyword}:`")
        if _ORDER.index(entry.keyword) < _ORDER.index(before.keyword):
            raise entry.line.refuse(f"`{entry.keyword}` stands before `{before.keyword}`", hint=f"the order is {', '.join(_ORDER)}")
    present = {entry.keyword for entry in entries if entry.text}
    for word, wanted in {"purpose": "a line of purpose", "returns": "`returns:`", "cost": "`cost:`"}.items():
        if word not in present:
            raise last.refuse(f"the header has no {wanted}")


def _name(entry: _Entry) -> tuple[str, list[str]]:
    match = _NAME.fullmatch(entry.text)
    if not match:
        raise entry.line.refuse(f"not a name: {entry.text!r}", hint="write `name: subject/name(param, param)`")
    return match[1], [one.strip() for one in match[2].split(",")] if match[2].strip() else []


def _param(entry: _Entry) -> Param:
    match = _PARAM.fullmatch(entry.text)
    if not _is_closed(entry.text):
        raise entry.line.refuse("`rows{` is never closed by `}`")
    if not match:
        raise entry.line.refuse(f"not a parameter: {entry.text!r}", hint="write `param NAME: TYPE   meaning`")
    name, kind, meaning = match[1], match[2], match[3] or ""
    if kind.startswith("rows{"):
        return Param(name, "rows", fields=_fields(kind[5:-1], entry.line), meaning=meaning)
    return Param(name, *_typed(kind, entry.line, _SCALARS + _LISTS), meaning=meaning)


def _is_closed(declaration: str) -> bool:
    return declaration.count("{") == declaration.count("}")


def _fields(text: str, line: Line) -> tuple[Param, ...]:
    fields = []
    for one in text.split(","):
        match = _FIELD.fullmatch(one.strip())
        if not match:
            raise line.refuse(f"not a field of rows: {one.strip()!r}", hint="write `rows{field: type, field: type | null}`")
        fields.append(Param(match[1], *_typed(match[2], line, _SCALARS + _LISTS)))
    return tuple(fields)


def _columns(entry: _Entry) -> tuple[Column, ...]:
    if entry.text == "nothing":
        return ()
    columns: dict[str, Column] = {}
    for one in entry.text.split(","):
        match = _COLUMN.fullmatch(one.strip())
        if not match:
            raise entry.line.refuse(f"not a column: {one.strip()!r}", hint="write `returns: column type, column type` or `returns: nothing`")
        if match[1] in columns:
            raise entry.line.refuse(f"the column {match[1]} is doubled")
        columns[match[1]] = Column(match[1], *_typed(match[2], entry.line, (*_SCALARS, *_LISTS, "json")))
    return tuple(columns.values())


def _typed(text: str, line: Line, known: Sequence[str]) -> tuple[str, bool]:
    base = text.removesuffix(" | null")
    if base not in known or (base in _LISTS and base != text):
        raise line.refuse(f"unknown type {text!r}", hint=_TYPE_HINT + "; two blanks stand before a meaning")
    return base, base != text


def _check_params(header: Header, listed: list[str], entries: Sequence[_Entry]) -> None:
    seen: set[str] = set()
    for param, entry in zip(header.params, entries, strict=True):
        for name in (param.name, *(field.name for field in param.fields)):
            if name in seen:
                raise entry.line.refuse(f"the parameter {name} is doubled")
            seen.add(name)
    batches = [entry for param, entry in zip(header.params, entries, strict=True) if param.type == "rows"]
    if len(batches) > 1:
        raise batches[1].line.refuse("a second rows parameter", hint="a query takes one batch")
    declared = [param.name for param in header.params]
    if listed != declared:
        raise header.lines[0].refuse(f"the name lists ({', '.join(listed)}), the `param` lines ({', '.join(declared)})")


def _check_browser(header: Header, entries: Sequence[_Entry]) -> None:
    for param, entry in zip_longest(header.params, entries):
        if entry is None:
            raise header.declared_at[param.name].refuse(f"no `browser: :param {param.name} => ...` for the parameter {param.name}")
        if param is None:
            raise entry.line.refuse(f"{entry.text!r} belongs to no parameter")
        match = _BROWSER.fullmatch(entry.text)
        if not match or match[1] != param.name:
            raise entry.line.refuse(f"not an example of {param.name}: {entry.text!r}", hint=f"write `browser: :param {param.name} => EXPRESSION`")
