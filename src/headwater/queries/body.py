"""The body of a query template: its statements, and the parameters that each of them uses.

Knows the two languages only as far as their quotes, comments and parameters; must not know what a statement
means.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from headwater.errors import InvalidTemplate

Dialect = Literal["cypher", "sql"]

# A doubled quote needs no case of its own: it reads as two literals side by side.
_NOT_CODE = {
    "sql": re.compile(
        r"""'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|(?P<open>['"`\[]|/\*)""",
        re.DOTALL,
    ),
    "cypher": re.compile(
        r"""'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|`[^`]*`|//[^\n]*|/\*.*?\*/|(?P<open>['"`]|/\*)""",
        re.DOTALL,
    ),
}
# SQLite also takes @x, $x and ?1: they are found here so that they are refused as undeclared.
_PARAMETER = {
    "sql": re.compile(r":(?<!::)[\w$]+|@[\w$]+|\$(?<!\w\$)[\w$]+|\?\d*"),
    "cypher": re.compile(r"\$(?:\w+|`[^`]*`)"),
}
_SIGN = {"sql": ":", "cypher": "$"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is run, with the parameters it names; `per_row` means once a row of the batch.

    `positional` is the text with a `?` for each use in `order`: a batch binds faster by place.
    """

    text: str
    params: frozenset[str]
    per_row: bool
    order: tuple[str, ...]
    positional: str


@dataclass(frozen=True, slots=True)
class Use:
    """A parameter or a field that the body names at this offset."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Body:
    """What follows the header; `code` is the text with blanks for quotes and comments: offsets stay."""

    path: str
    dialect: Dialect
    text: str
    code: str
    first_line: int

    def refuse(self, offset: int, problem: str) -> InvalidTemplate:
        """Return the error for what stands at this offset."""
        return refuse(self.path, self.first_line + self.text.count("\n", 0, offset), problem)


def refuse(path: str, line: int, problem: str) -> InvalidTemplate:
    """Return the error for a template, which names the place as `path:line`."""
    return InvalidTemplate(f"{path}:{line}: {problem}")


def read_body(text: str, path: str, dialect: Dialect, first_line: int) -> Body:
    """Tell the code of a body from its quotes and comments; backticks stay, without what they quote.

    Raises InvalidTemplate for a quote or comment that is never closed, and for NUL, which SQLite cannot take.
    """
    if "\0" in text:
        raise refuse(path, first_line + text.count("\n", 0, text.index("\0")), "a statement cannot hold NUL")

    def blank(found: re.Match[str]) -> str:
        if found["open"]:
            line = first_line + text.count("\n", 0, found.start())
            raise refuse(path, line, f"the {found['open']} is never closed")
        inner = "".join(char if char == "\n" else " " for char in found[0])
        return f"`{inner[1:-1]}`" if found[0][0] == "`" else inner

    return Body(path, dialect, text, _NOT_CODE[dialect].sub(blank, text), first_line)


def parameters(body: Body) -> list[Use]:
    """Return each use of a parameter, in order; a form that templates do not allow keeps its sign."""
    sign = _SIGN[body.dialect]
    found = (match.span() for match in _PARAMETER[body.dialect].finditer(body.code))
    return [Use(body.text[start:end].removeprefix(sign).strip("`"), start) for start, end in found]


def row_fields(body: Body, rows: str) -> list[Use]:
    """Return each `row.field` of a Cypher body, where `row` is what `UNWIND $rows AS row` calls it."""
    unwind = re.compile(rf"\bUNWIND\s+\${rows}\s+AS\s+(\w+)", re.IGNORECASE)
    uses: list[Use] = []
    for start, end in _spans(body):
        aliases = {found[1] for found in unwind.finditer(body.code, start, end)}
        if aliases:
            uses.extend(_properties(body, aliases, start, end))
    return uses


def _properties(body: Body, variables: Iterable[str], start: int, end: int) -> Iterator[Use]:
    pattern = re.compile(rf"\b(?:{'|'.join(variables)})\s*\.\s*(\w+|`[^`]*`)")
    for found in pattern.finditer(body.code, start, end):
        if _is_variable(body.code, found.start()):
            yield Use(body.text[slice(*found.span(1))].strip("`"), found.start())


def _is_variable(code: str, offset: int) -> bool:
    """Tell a variable from a parameter `$row` and a property `n.row`; two dots are a range."""
    before = code[max(offset - 2, 0) : offset]
    return not before.endswith("$") and (not before.endswith(".") or before == "..")


def statements(body: Body, uses: Sequence[Use], fields: Iterable[str]) -> tuple[Statement, ...]:
    """Split a body after the semicolons that end a statement; a piece without code is dropped.

    `uses` are the body's parameters, `fields` those of the batch: an SQL statement that uses one is run
    once a row.
    """
    batch = frozenset(fields) if body.dialect == "sql" else frozenset()
    found = []
    for start, end in _spans(body):
        inside = [use for use in uses if start <= use.offset < end]
        order = tuple(use.name for use in inside)
        positional = _positional(body, inside, start, end).strip()
        text = body.text[start:end].strip()
        found.append(Statement(text, frozenset(order), not batch.isdisjoint(order), order, positional))
    return tuple(found)


def _positional(body: Body, uses: Sequence[Use], start: int, end: int) -> str:
    parts = []
    for use in uses:
        parts.append(f"{body.text[start : use.offset]}?")
        start = use.offset + len(use.name) + 1
    return "".join([*parts, body.text[start:end]])


def _spans(body: Body) -> Iterator[tuple[int, int]]:
    """Yield where each statement begins and ends; its own semicolon belongs to it."""
    start = 0
    for end in (*(found.end() for found in re.finditer(";", body.code)), len(body.code)):
        code = body.code[start:end]
        # A trigger's own statements end in semicolons too, which SQLite knows best.
        if body.dialect == "cypher" or sqlite3.complete_statement(code):
            if code.strip("; \t\r\n"):
                yield start, end
            start = end
    if rest := body.code[start:].strip():
        if not sqlite3.complete_statement(f"{rest};"):
            raise body.refuse(body.code.index(rest, start), "the statement is not finished; a trigger ends in END;")
        yield start, len(body.code)
