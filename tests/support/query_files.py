"""Query files for tests of the catalogue: a header and bodies that keep the format, to be broken one way each."""

from __future__ import annotations

from pathlib import Path

from headwater.queries.body import Dialect
from headwater.queries.template import Template, parse

HEADER = """\
name: demo/ask(ids, most)
What is asked.
param ids: list[str]   ids of states
param most: int   no more rows than this
returns: id str, at datetime | null
order: id
cost: one seek
browser: :param ids => ['a']
browser: :param most => 3
"""
CYPHER = "MATCH (n:State) WHERE n.id IN $ids\nRETURN n.id AS id, n.at AS at LIMIT $most;\n"
SQL = "SELECT id, at FROM state, json_each(:ids)\nWHERE id = value LIMIT :most;\n"

ROWS = """\
name: demo/put(rows, by)
Write these.
param rows: rows{id: str, at: datetime | null,
  note: str}
param by: str   who
returns: nothing
cost: one write a row
browser: :param rows => [{id: 'a', note: 'n'}]
browser: :param by => 'ann'
"""
PUT_CYPHER = "UNWIND $rows AS row\nMERGE (n {id: row.id}) SET n.at = row.at, n.note = row.note, n.by = $by;\n"
PUT_SQL = "INSERT INTO log(who) VALUES (:by);\nINSERT INTO state VALUES (:id, :at, :note, :by);\n"


def with_header(header: str, body: str, dialect: Dialect) -> str:
    sign = {"cypher": "// ", "sql": "-- "}[dialect]
    return "".join(f"{sign}{line}\n" for line in header.splitlines()) + body


def write(folder: Path, name: str, header: str, *, cypher: str, sql: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".cypher").write_text(with_header(header, cypher, "cypher"), newline="")
    path.with_suffix(".sql").write_text(with_header(header, sql, "sql"), newline="")


def sql_half(body: str, header: str = "name: demo/ask()\nAsk.\nreturns: nothing\ncost: none\n") -> Template:
    return parse(with_header(header, body, "sql"), "ask.sql", "sql")


def cypher_half(body: str, header: str = "name: demo/ask()\nAsk.\nreturns: nothing\ncost: none\n") -> Template:
    return parse(with_header(header, body, "cypher"), "ask.cypher", "cypher")
