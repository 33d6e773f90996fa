"""The body of a query template: its statements, and the parameters that each of them uses.

Knows the two languages only as far as their quotes, comments and parameters; it must not know what a statement means.
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
    "cypher": re.compile(r"\$(?:\w+|`)"),
}
_SIGN = {"sql": ":", "cypher": "$"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is run, with the parameters it names; `per_row` means once for each row of the batch."""

    text: str
    params: frozenset[str]
    per_row: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A parameter or a field that the body names at this offset."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Body:
    """What follows the header; `code` has blanks for what stands in quotes and comments, so that offsets stay."""

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

    Raises InvalidTemplate for a quote or comment that is never closed.
    """

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
    return [Use(found[0].removeprefix(sign), found.start()) for found in _PARAMETER[body.dialect].finditer(body.code)]


def row_fields(body: Body, rows: str) -> list[Use]:
    """Return each `row.field` of a Cypher body, where `row` is what `UNWIND $rows AS row` made of the parameter."""
    aliases = set(re.findall(rf"\bUNWIND\s+\${rows}\s+AS\s+(\w+)", body.code, re.IGNORECASE))
    if not aliases:
        return []
    # One dot before the alias makes it a property of something else, two are a range.
    field = rf"\b(?:{'|'.join(sorted(aliases))})\s*\.\s*(\w+|`)"
    return [Use(found[1], found.start()) for found in re.finditer(field, body.code) if _is_variable(body.code, found.start())]


def _is_variable(code: str, offset: int) -> bool:
    before = code[max(offset - 2, 0) : offset]
    return not before.endswith("$") and (not before.endswith(".") or before == "..")


def statements(body: Body, uses: Sequence[Use], fields: Iterable[str]) -> tuple[Statement, ...]:
    """Split a body at the semicolons that end a statement; each keeps its own, a piece without code is dropped.

    `uses` are the body's parameters and `fields` those of the batch: an SQL statement that uses one of them is run once per row.
    """
    batch = frozenset(fields) if body.dialect == "sql" else frozenset()
    found = []
    for start, end in _spans(body):
        if body.code[start:end].strip("; \t\r\n"):
            params = frozenset(use.name for use in uses if start <= use.offset < end)
            found.append(Statement(body.text[start:end].strip(), params, not params.isdisjoint(batch)))
    return tuple(found)


def _spans(body: Body) -> Iterator[tuple[int, int]]:
    start = 0
    for end in (found.end() for found in re.finditer(";", body.code)):
        # A trigger's own statements end in semicolons too, which SQLite knows best.
        if body.dialect == "cypher" or sqlite3.complete_statement(body.code[start:end]):
            yield start, end
            start = end
    yield start, len(body.code)
