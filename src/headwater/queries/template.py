"""One half of a query: a text file with a header and a body, checked as it is read. Knows no folder and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from headwater.queries.body import Token, group, is_finished, scan, text_of, uses
from headwater.queries.header import Column, Dialect, Header, Line, Param, parse_header, split


@dataclass(frozen=True, slots=True)
class Template:
    """A checked query file.

    `text` is the whole file and `body` what follows its header, both byte for byte; `statements` are cut out of the body, each
    with its `;`, in the order in which they run. `browser` holds one `:param NAME => EXPRESSION` a parameter.
    """

    name: str
    purpose: str
    params: tuple[Param, ...]
    columns: tuple[Column, ...]
    order: str | None
    cost: str
    browser: tuple[str, ...]
    body: LiteralString
    text: LiteralString
    statements: tuple[LiteralString, ...]
    path: str


def parse(text: str, path: str, dialect: Dialect) -> Template:
    """Return the template that the text holds.

    Raises InvalidTemplate, `path:line: problem`, for a header that breaks the format, an empty or unfinished body, and for a
    parameter that is undeclared, unused or doubled.
    """
    lines, body = split(text, path, dialect)
    header = parse_header(lines)
    tokens = scan(body, dialect)
    statements = group(body, tokens, dialect)
    _check_statements(body, tokens, statements, dialect, header)
    _check_uses(body, statements, dialect, header)
    return Template(
        name=header.name,
        purpose=header.purpose,
        params=header.params,
        columns=header.columns,
        order=header.order,
        cost=header.cost,
        browser=header.browser,
        body=body,
        text=text,
        statements=tuple(text_of(body, statement) for statement in statements),
        path=path,
    )


def _check_statements(
    body: str, tokens: Sequence[Token], statements: Sequence[Sequence[Token]], dialect: Dialect, header: Header
) -> None:
    for token in tokens:
        if token.kind == "unclosed":
            raise _at(header, body, token.start).refuse(f"{token.text} opens what nothing closes")
    if not statements:
        raise _at(header, body, 0).refuse("the body is empty", hint="the statement stands right under the header")
    if dialect == "sql" and not is_finished(body, statements[-1]):
        raise _at(header, body, statements[-1][0].start).refuse("the statement is not finished", hint="a trigger ends with `END;`")


def _check_uses(body: str, statements: Sequence[Sequence[Token]], dialect: Dialect, header: Header) -> None:
    rows = header.rows.name if header.rows else None
    sign = {"sql": ":", "cypher": "$"}[dialect]
    declared = _declared(header, dialect)
    used = set()
    for use in sorted(uses(statements, dialect, rows), key=lambda use: use.start):
        if use.name not in declared:
            raise _at(header, body, use.start).refuse(
                f"undeclared parameter {use.written}", hint=_undeclared_hint(use.name, rows, declared)
            )
        if dialect == "sql" and not use.written.startswith(sign):
            raise _at(header, body, use.start).refuse(f"a parameter is written {sign}{use.name}, not {use.written}")
        used.add(use.name)
    for name, line in declared.items():
        if name not in used:
            raise line.refuse(f"the parameter {name} is not used in the body", hint=_unused_hint(name, rows, dialect))


def _declared(header: Header, dialect: Dialect) -> Mapping[str, Line]:
    declared = {}
    for param in header.params:
        line = header.declared_at[param.name]
        prefix = f"{param.name}." if dialect == "cypher" else ""
        if not param.fields or dialect == "cypher":
            declared[param.name] = line
        declared |= {prefix + field.name: line for field in param.fields}
    return declared


def _undeclared_hint(name: str, rows: str | None, declared: Mapping[str, Line]) -> str:
    if name == rows:
        return "an SQL body runs once a row and names its fields: :" + ", :".join(declared)
    return f"declared: {', '.join(declared)}" if declared else "the header declares no parameter"


def _unused_hint(name: str, rows: str | None, dialect: Dialect) -> str:
    if dialect == "cypher" and rows and name.startswith(f"{rows}."):
        return f"write `UNWIND ${rows} AS row` and then row.{name.removeprefix(f'{rows}.')}"
    return "strings, quoted identifiers and comments do not count"


def _at(header: Header, body: str, offset: int) -> Line:
    return Line(header.lines[0].path, len(header.lines) + 1 + body.count("\n", 0, offset), "")
