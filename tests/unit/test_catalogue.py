"""The query catalogue: what it refuses and at which line, and what it hands out."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from headwater.errors import InvalidTemplate, UnknownQuery
from headwater.queries.catalogue import catalogue, load
from headwater.queries.header import Column, Param
from headwater.queries.template import parse
from tests.support.query_files import CYPHER, HEADER, PUT_CYPHER, PUT_SQL, ROWS, SQL, with_header, write


def refusal(folder: Path) -> str:
    """Return what the loader says of the folder, with paths as seen from there."""
    with pytest.raises(InvalidTemplate) as caught:
        load(folder)
    return caught.value.message.replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("name: demo", "nome: demo", 1, "no line 'name:'"),
        ("demo/ask(", "ask(", 1, "write name: subject/name"),
        ("demo/ask(", "Demo/ask(", 1, "write name: subject/name"),
        ("(ids, most)", "(most, ids)", 1, "the name lists the parameters (most, ids), the lines declare (ids, most)"),
        ("(ids, most)", "(ids)", 1, "the name lists the parameters (ids), the lines declare (ids, most)"),
        ("What is asked.\n", "", 1, "no line 'purpose'"),
        ("What is asked.", "", 2, "it says nothing"),
        ("returns: id str, at datetime | null\n", "", 1, "no line 'returns:'"),
        ("cost: one seek\n", "", 1, "no line 'cost:'"),
        ("cost: one seek", "cost:", 7, "it says nothing"),
        ("cost: one seek", "costs: one seek", 7, "'costs: one seek'; it cannot stand here"),
        ("order: id\n", "order: id\norder: at\n", 7, "a second line 'order:'"),
        ("order: id\ncost: one seek\n", "cost: one seek\norder: id\n", 7, "it cannot stand here"),
        ("most: int", "most int", 4, "write param NAME: TYPE"),
        ("most: int", "ids: int", 4, "'ids' is declared twice"),
        ("most: int", "most: rows{ids: int}", 4, "'ids' is declared twice"),
        ("most: int", "most: rows{a: int, a: str}", 4, "'a' is declared twice"),
        ("most: int", "most: rows{a: int}\nparam more: rows{b: int}", 5, "'more' is a second rows parameter"),
        ("most: int", "most: rows{a: int,\nb: int}", 5, "two blanks"),
        ("most: int", "most: rows{a int}", 4, "'a int' is not 'name: type'"),
        ("most: int", "most: integer", 4, "unknown type 'integer' of 'most'"),
        ("most: int", "most: json", 4, "unknown type 'json' of 'most'"),
        ("most: int", "most: int | none", 4, "write param NAME: TYPE"),
        ("list[str]", "list[bool]", 3, "unknown type 'list[bool]' of 'ids'"),
        ("list[str]", "list[str] | null", 3, "unknown type 'list[str] | null' of 'ids'"),
        ("id str,", "id text,", 5, "unknown type 'text' of 'id'"),
        ("id str,", "id,", 5, "'id' is not 'name type'"),
        ("id str,", "at str,", 5, "'at' is declared twice"),
        ("browser: :param most => 3\n", "", 1, "no line 'browser:' for 'most'"),
        (":param most => 3", ":param least => 3", 9, "write browser: :param most => VALUE"),
        (":param most => 3", ":param most 3", 9, "write browser: :param most => VALUE"),
        (
            ":param most => 3",
            ":param most => 3\nbrowser: :param more => 4",
            10,
            "more 'browser:' lines than parameters",
        ),
    ],
)
def test_a_broken_header_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, problem: str) -> None:
    assert old in HEADER
    write(tmp_path, "demo/ask", HEADER.replace(old, new, 1), cypher=CYPHER, sql=SQL)

    said = refusal(tmp_path)

    assert said.startswith(f"demo/ask.cypher:{line}: ")
    assert problem in said


@pytest.mark.parametrize(
    ("half", "body", "line", "problem"),
    [
        ("cypher", CYPHER.replace("$most", "$least"), 11, "undeclared parameter: 'least'"),
        ("cypher", CYPHER.replace("$most", "$`least`"), 11, "undeclared parameter: 'least'"),
        ("cypher", CYPHER.replace("$most", "3"), 4, "unused parameter: the header declares 'most'"),
        ("cypher", CYPHER.replace("$ids", "['$ids', \"$ids\", n.`$ids`] // $ids"), 3, "unused parameter"),
        ("cypher", "", 10, "the body is empty"),
        ("cypher", "\n// only words\n;\n", 10, "the body is empty"),
        ("cypher", f"{CYPHER}MATCH (n {{id: 'a}})\n", 12, "the ' is never closed"),
        ("cypher", f"{CYPHER}/* MATCH (n)\n", 12, "the /* is never closed"),
        ("sql", SQL.replace(":most", ":least"), 11, "undeclared parameter: 'least'"),
        ("sql", SQL.replace(":most", "@most"), 11, "undeclared parameter: '@most'"),
        ("sql", SQL.replace(":most", "$most"), 11, "undeclared parameter: '$most'"),
        ("sql", SQL.replace(":most", "?2"), 11, "undeclared parameter: '?2'"),
        ("sql", SQL.replace(":most", "3"), 4, "unused parameter: the header declares 'most'"),
        ("sql", SQL.replace(":ids", "':ids', \":ids\", [:ids], `:ids` /* :ids */"), 3, "unused parameter"),
        ("sql", "", 10, "the body is empty"),
        ("sql", f"{SQL}\nSELECT [id FROM state;", 13, "the [ is never closed"),
        ("sql", f"{SQL}SELECT '\0';", 12, "a statement cannot hold NUL"),
        ("sql", f"{SQL}\nCREATE TRIGGER t AFTER DELETE ON a BEGIN DELETE FROM b;\n", 13, "is not finished"),
    ],
)
def test_a_broken_body_is_refused_with_its_line(tmp_path: Path, half: str, body: str, line: int, problem: str) -> None:
    bodies = {"cypher": CYPHER, "sql": SQL} | {half: body}
    write(tmp_path, "demo/ask", HEADER, **bodies)

    said = refusal(tmp_path)

    assert said.startswith(f"demo/ask.{half}:{line}: ")
    assert problem in said


@pytest.mark.parametrize(
    ("half", "old", "new", "line", "problem"),
    [
        ("cypher", "row.note", "row.remark", 11, "undeclared field of $rows: 'remark'"),
        ("cypher", "row.note", "row.`remark`", 11, "undeclared field of $rows: 'remark'"),
        ("cypher", "row.note", "n.row.note", 3, "unused field of $rows: the header declares 'note'"),
        ("cypher", "row.note", "$note", 11, "undeclared parameter: 'note'"),
        ("cypher", "UNWIND $rows AS row", "WITH $rows[0] AS row", 3, "unused field of $rows"),
        ("cypher", "UNWIND $rows AS row", "MATCH (row)", 3, "unused parameter: the header declares 'rows'"),
        ("sql", ":note", ":remark", 11, "undeclared parameter: 'remark'"),
        ("sql", ":note", "NULL", 3, "unused parameter: the header declares 'note'"),
        ("sql", ":note", ":rows", 11, "undeclared parameter: 'rows'"),
    ],
)
def test_the_fields_of_a_batch_are_held_to_the_header(
    tmp_path: Path, half: str, old: str, new: str, line: int, problem: str
) -> None:
    bodies = {"cypher": PUT_CYPHER, "sql": PUT_SQL}
    bodies[half] = bodies[half].replace(old, new)
    write(tmp_path, "demo/put", ROWS, **bodies)

    said = refusal(tmp_path)

    assert said.startswith(f"demo/put.{half}:{line}: ")
    assert problem in said


def test_a_header_line_without_its_blank_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match=r"^ask\.sql:2: malformed header line '--Ask\.'"):
        parse("-- name: demo/ask()\n--Ask.\n", "ask.sql", "sql")


@pytest.mark.parametrize("half", ["cypher", "sql"])
def test_a_pair_with_one_half_is_refused(tmp_path: Path, half: str) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)
    (tmp_path / f"demo/ask.{half}").unlink()

    assert refusal(tmp_path).endswith(f":1: the other half, demo/ask.{half}, is missing")


def test_two_different_headers_are_refused_at_the_first_line_that_differs(tmp_path: Path) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)
    sql = tmp_path / "demo/ask.sql"
    sql.write_text(sql.read_text().replace("one seek", "two seeks"))

    assert refusal(tmp_path).startswith("demo/ask.sql:7: the header differs from here on from that of demo/ask.cypher")


def test_a_header_that_goes_on_in_one_half_alone_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)
    sql = tmp_path / "demo/ask.sql"
    sql.write_text(sql.read_text().replace("-- order: id\n", ""))

    assert refusal(tmp_path).startswith("demo/ask.sql:6: ")


def test_a_name_that_another_file_has_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)
    write(tmp_path, "demo/beg", HEADER, cypher=CYPHER, sql=SQL)

    assert refusal(tmp_path) == "demo/beg.cypher:1: the name 'demo/ask' is taken by demo/ask.cypher"


@pytest.mark.parametrize("place", ["demo/beg", "other/ask", "demo/deep/ask", "ask"])
def test_a_name_that_is_not_the_place_of_its_file_is_refused(tmp_path: Path, place: str) -> None:
    write(tmp_path, place, HEADER, cypher=CYPHER, sql=SQL)

    assert refusal(tmp_path) == f"{place}.cypher:1: the name is 'demo/ask', but the file's place is '{place}'"


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)
    (tmp_path / "demo/ask.cypher").write_bytes(b"// name: demo/ask()\n// caf\xe9\n")

    assert refusal(tmp_path) == "demo/ask.cypher:2: the byte 0xe9 is not UTF-8"


def test_a_folder_without_queries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to run")

    assert refusal(tmp_path) == f"{tmp_path}:1: no query stands below this folder"


def test_a_pair_is_read_as_its_header_says(tmp_path: Path) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)

    query = load(tmp_path)["demo/ask"]

    assert query.params == (
        Param("ids", "list[str]", False, (), "ids of states"),
        Param("most", "int", False, (), "no more rows than this"),
    )
    assert query.columns == (Column("id", "str", False), Column("at", "datetime", True))
    assert (query.purpose, query.sql.order, query.sql.cost) == ("What is asked.", "id", "one seek")
    assert query.cypher.browser == (":param ids => ['a']", ":param most => 3")
    assert (query.param_names, query.rows_param) == (frozenset({"ids", "most"}), None)
    assert query.cypher.body == CYPHER
    assert query.sql.text == (tmp_path / "demo/ask.sql").read_text()


def test_a_batch_is_run_by_the_statements_that_use_its_fields(tmp_path: Path) -> None:
    write(tmp_path, "demo/put", ROWS, cypher=PUT_CYPHER, sql=PUT_SQL)

    query = load(tmp_path)["demo/put"]

    fields = (Column("id", "str", False), Column("at", "datetime", True), Column("note", "str", False))
    assert query.params[0] == Param("rows", "rows", False, fields, "")
    assert (query.rows_param, query.columns) == ("rows", ())
    assert [(s.params, s.per_row) for s in query.sql.statements] == [
        (frozenset({"by"}), False),
        (frozenset({"id", "at", "note", "by"}), True),
    ]
    assert [(s.params, s.per_row) for s in query.cypher.statements] == [(frozenset({"rows", "by"}), False)]


def test_queries_come_sorted_by_name_and_with_their_subjects(tmp_path: Path) -> None:
    for name in ("b/two", "a/three", "b/one"):
        header = HEADER.replace("demo/ask", name)
        write(tmp_path, name, header, cypher=CYPHER, sql=SQL)

    found = load(tmp_path)

    assert [query.name for query in found] == ["a/three", "b/one", "b/two"]
    assert (found.subjects(), len(found)) == (("a", "b"), 3)
    assert "b/one" in found
    assert "b/three" not in found


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "demo/ask", HEADER, cypher=CYPHER, sql=SQL)
    found = load(tmp_path)

    with pytest.raises(UnknownQuery, match="no query is called 'demo/asks'") as near:
        found["demo/asks"]
    with pytest.raises(UnknownQuery) as far:
        found["upstream"]

    assert near.value.hint == f"did you mean demo/ask? {UnknownQuery.hint}"
    assert far.value.hint == UnknownQuery.hint


def test_a_package_in_a_zip_is_read_like_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "wheel.zip", "w") as archive:
        archive.writestr("zipped_queries/__init__.py", "")
        archive.writestr("zipped_queries/demo/ask.cypher", with_header(HEADER, CYPHER, "cypher"))
        archive.writestr("zipped_queries/demo/ask.sql", with_header(HEADER, SQL, "sql"))
    monkeypatch.syspath_prepend(str(tmp_path / "wheel.zip"))

    assert [query.name for query in load("zipped_queries")] == ["demo/ask"]


def test_the_queries_of_the_product_keep_the_format_and_are_read_once() -> None:
    found = catalogue()

    assert {"ingest", "schema", "trace"} <= set(found.subjects())
    assert found["trace/upstream"].param_names == {"ids"}
    assert catalogue() is found
