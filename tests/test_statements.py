"""No statement stands in the code: whoever wants to know what the product runs reads the query files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater import queries

PACKAGE = Path(queries.__path__[0]).parent

STATEMENT = re.compile(
    r"\s*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|EXPLAIN|PROFILE|PRAGMA|BEGIN|SAVEPOINT|RELEASE|ATTACH"
    r"|DETACH|VACUUM|ANALYZE|REINDEX|MATCH|OPTIONAL|MERGE|UNWIND|WITH|CALL|RETURN|FOREACH|LOAD|SHOW|USE)\s"
    r"|\s*(?:COMMIT|ROLLBACK|VACUUM|ANALYZE)\s*;?\s*\Z"
    # Small letters are prose, unless the second word is a statement's too.
    r"|(?i:\s*(?:select\s.+\sfrom\s+\w+\s*(?:;|\Z|where\s|join\s|as\s|order\s)|insert\s+into\s"
    r"|delete\s+from\s|update\s+\w+\s+set\s|merge\s*\(|match\s*\("
    r"|unwind\s+\S+\s+as\s|(?:create|drop|alter)\s+(?:table|index|constraint|trigger|view)\s))",
    re.DOTALL,
)
# What a connection says to SQLite about itself: it asks nothing of the graph and is no query to paste anywhere.
CONNECTION_CONTROL = re.compile(r"BEGIN IMMEDIATE|COMMIT|ROLLBACK|PRAGMA \w+(?: = [-\w{}]+)?")


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each string that is not a docstring; what an f-string fills in is `{}`."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent.update(id(part) for part in node.values)
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def statements(source: str) -> list[tuple[int, str]]:
    return [
        (line, text)
        for line, text in texts(ast.parse(source))
        if STATEMENT.match(text) and not CONNECTION_CONTROL.fullmatch(text)
    ]


def test_no_module_of_the_product_holds_a_statement() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))

    found = {str(path.relative_to(PACKAGE)): statements(path.read_text("utf-8")) for path in modules}

    assert "queries/catalogue.py" in found
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "source",
    [
        'run("SELECT id FROM run")',
        'run("""\n  MATCH (n) RETURN n""")',
        'run(f"INSERT INTO {table} VALUES (1)")',
        'run("DELETE " + rest)',
        'run("UNWIND $rows AS row " "MERGE (n {id: row.id})")',
        'run("select id from run")',
        'run("match (n) return n")',
        'run("create index run_id on run(id)")',
        'run("WITH RECURSIVE reached(node) AS (SELECT 1) SELECT * FROM reached")',
        'run("CALL db.awaitIndexes(300)")',
        'run("PRAGMA table_info(run)")',
        'run("BEGIN EXCLUSIVE")',
        'run("VACUUM")',
        'def f():\n    query = "OPTIONAL MATCH (n) DETACH DELETE n"',
    ],
)
def test_a_statement_in_the_code_is_found(source: str) -> None:
    assert len(statements(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"""SELECT is what this module never says."""',
        'def f():\n    """UPDATE nothing."""',
        'raise ValueError("select one of the runs from the list")',
        'raise ValueError("with limits, or match the names")',
        'run("BEGIN IMMEDIATE"); run("COMMIT"); run("ROLLBACK")',
        'run("PRAGMA journal_mode = WAL"); run(f"PRAGMA busy_timeout = {ms}"); run("PRAGMA page_count")',
        'run("trace/upstream", ids=ids)',
    ],
)
def test_prose_and_the_words_of_a_connection_are_no_statements(source: str) -> None:
    assert statements(source) == []
