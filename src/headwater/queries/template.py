"""One half of a query: a file whose leading comment says what it takes and gives, and whose body runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from headwater.queries.body import (
    Body,
    Dialect,
    Statement,
    Use,
    parameters,
    read_body,
    refuse,
    row_fields,
    statements,
)
from headwater.queries.header import Header, read_header

_COMMENT = {"cypher": "//", "sql": "--"}
_DECLARED = tuple(field.name for field in fields(Header))


@dataclass(frozen=True, slots=True)
class Template(Header):
    """One file of a pair: what its header declares, and what runs.

    `text` is the whole file and `body` what follows the header, both byte for byte; `statements` are cut out
    of the body, in the order in which they run.
    """

    path: str
    body: str
    text: str
    statements: tuple[Statement, ...]


def parse(text: str, path: str, dialect: Dialect, other: Header | None = None) -> Template:
    """Read one half of a query from the text of its file; `other` is the half read before, if there is one.

    Raises InvalidTemplate, with `path:line` first, for a header that breaks the format, a parameter that is
    undeclared, unused or doubled, a quote that is never closed and a body without a statement.
    """
    lines, start = _header_lines(text, path, dialect)
    # Reading a header is half of the work, and both halves of a pair have the same.
    header = other if other and other.lines == lines else read_header(lines, path)
    body = read_body(text[start:], path, dialect, len(lines) + 1)
    uses = parameters(body)
    found = statements(body, uses, [field.name for param in header.params for field in param.fields])
    if not found:
        raise body.refuse(0, "the body is empty; write the statement under the header")
    _check_uses(body, uses, header)
    declared = {name: getattr(header, name) for name in _DECLARED}
    return Template(**declared, path=path, body=body.text, text=text, statements=found)


def _header_lines(text: str, path: str, dialect: Dialect) -> tuple[tuple[str, ...], int]:
    """Return the leading comment lines without their sign, and the offset of the body."""
    sign, start = _COMMENT[dialect], 0
    lines: list[str] = []
    while text.startswith(sign, start):
        end = text.find("\n", start) + 1 or len(text)
        line = text[start:end].rstrip("\r\n")
        if not line.startswith(f"{sign} "):
            raise refuse(path, len(lines) + 1, f"malformed header line {line!r}; a blank follows the {sign}")
        lines.append(line[len(sign) + 1 :])
        start = end
    return tuple(lines), start


def _check_uses(body: Body, uses: Sequence[Use], header: Header) -> None:
    """Check that the body uses what the header declares, and nothing else."""
    declared = list(zip(header.params, header.param_lines, strict=True))
    plain = {param.name: line for param, line in declared}
    batches = {param.name for param, _ in declared if param.fields}
    of_row = {field.name: line for param, line in declared for field in param.fields}
    if body.dialect == "sql":
        given = {name: line for name, line in plain.items() if name not in batches}
        _compare(body, uses, given | of_row, "parameter")
        return
    _compare(body, uses, plain, "parameter")
    for name in batches:
        _compare(body, row_fields(body, name), of_row, f"field of ${name}")


def _compare(body: Body, uses: Sequence[Use], declared: Mapping[str, int], what: str) -> None:
    for use in uses:
        if use.name not in declared:
            raise body.refuse(use.offset, f"undeclared {what}: {use.name!r}")
    used = {use.name for use in uses}
    for name, line in declared.items():
        if name not in used:
            raise refuse(body.path, line, f"unused {what}: the header declares {name!r}, the body never uses it")
