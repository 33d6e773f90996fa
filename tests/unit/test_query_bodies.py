"""Where the statements of a query file end, and which parameters they use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.query_files import HEADER, ROWS, cypher_half, sql_half


def test_a_batch_may_have_another_alias_in_each_statement() -> None:
    header = "name: demo/put(rows)\nPut.\nparam rows: rows{id: str, n: int}\nreturns: nothing\ncost: one\n"
    body = "UNWIND $rows AS r CREATE ({id: r.id, two: [1, 2][0..r.n]});\nMATCH (r:Run) WHERE r.kept = 1 DELETE r;\n"

    half = cypher_half(body, header + "browser: :param rows => []\n")

    assert len(half.statements) == 2


@pytest.mark.parametrize(
    "pieces",
    [
        ["SELECT ';', ';''; :no', \"a;b\", [c;d], `e;f` FROM t;", "SELECT 2 -- not; here\n;"],
        ["SELECT /* ; :no */ 1;", "SELECT CASE WHEN 1 THEN 2 END;", "SELECT 3 -- the last; without its own"],
        [
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; SELECT 'END;'; END;",
            "CREATE TEMP TRIGGER u AFTER DELETE ON a BEGIN INSERT INTO b VALUES (';'); END;",
            "DROP TRIGGER t;",
        ],
    ],
)
def test_sql_is_split_where_a_statement_ends(pieces: list[str]) -> None:
    half = sql_half("\n\n".join(pieces))

    assert [statement.text for statement in half.statements] == pieces


def test_cypher_is_split_outside_of_quotes_and_comments() -> None:
    pieces = [
        r"""CREATE (:A {a: 'it\'s; $no', b: "x;\\", c: ';'});""",
        "MATCH (n:`odd;``label $no`) RETURN n;",
        "RETURN 'a' /* ; $no */ AS a;",
    ]

    half = cypher_half("\n".join(pieces) + "\n// done; $no\n")

    assert [statement.text for statement in half.statements] == pieces


def test_casts_labels_and_other_colons_are_no_parameters() -> None:
    assert sql_half("SELECT 'x'::text, a->>'$.b' FROM t;").statements[0].params == frozenset()
    assert cypher_half("MATCH (n:A|B {x: 1})-[:R*0..]->(:C) RETURN n;").statements[0].params == frozenset()


hidden = st.lists(
    st.sampled_from(
        [":other", "$other", "row.other", "?", "@x", ";", "'", '"', "`", "[", "\\", "--", "//", "/", "END", " ", "é"]
    )
).map("".join)
sql_noise = st.one_of(
    hidden.map(lambda text: "'" + text.replace("'", "''") + "'"),
    hidden.map(lambda text: '"' + text.replace('"', '""') + '"'),
    hidden.map(lambda text: "`" + text.replace("`", "``") + "`"),
    hidden.map(lambda text: f"[{text}]"),
    hidden.map(lambda text: f"--{text}\n"),
    hidden.map(lambda text: f"/*{text}\n*/"),
)
cypher_noise = st.one_of(
    hidden.map(lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    hidden.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    hidden.map(lambda text: "`" + text.replace("`", "``") + "`"),
    hidden.map(lambda text: f"//{text}\n"),
    hidden.map(lambda text: f"/*{text}\n*/"),
)


@given(st.lists(sql_noise, max_size=5), st.lists(sql_noise, max_size=5))
def test_in_sql_nothing_quoted_or_commented_is_a_use(before: list[str], after: list[str]) -> None:
    body = f"\n{' '.join(before)} SELECT :ids, {' '.join(after)} :most;\nSELECT 2;"

    first, second = sql_half(body, HEADER).statements

    assert (first.params, second.params) == (frozenset({"ids", "most"}), frozenset())
    assert body.strip() == f"{first.text}\n{second.text}"


@given(st.lists(cypher_noise, max_size=5), st.lists(cypher_noise, max_size=5))
def test_in_cypher_nothing_quoted_or_commented_is_a_use(before: list[str], after: list[str]) -> None:
    header = ROWS.replace("at: datetime | null,\n  note: str", "note: str")
    body = f"\n{' '.join(before)} UNWIND $rows AS row RETURN row.id, {' '.join(after)} row.note, $by;\nRETURN 2;"

    first, second = cypher_half(body, header).statements

    assert (first.params, second.params) == (frozenset({"rows", "by"}), frozenset())
    assert body.strip() == f"{first.text}\n{second.text}"
