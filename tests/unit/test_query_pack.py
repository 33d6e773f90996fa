"""The Neo4j Browser pack: the product's own Cypher, and a style sheet that the Browser can read."""

from __future__ import annotations

import re
from pathlib import Path

from headwater.queries.catalogue import catalogue, load
from headwater.queries.export import export_pack
from tests.support.query_files import CYPHER, HEADER, SQL, write


def test_the_pack_holds_what_the_product_runs_byte_for_byte(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pack"

    written = export_pack(catalogue(), folder)

    assert sorted(written) == sorted(folder.iterdir())
    assert len(written) == len(catalogue()) + 1
    for query in catalogue():
        page = (folder / f"{query.name.replace('/', '_')}.cypher").read_bytes()
        title = [f"// {query.purpose.splitlines()[0]}", *(f"{line};" for line in query.cypher.browser)]
        assert page == "\n".join([*title, query.cypher.body]).encode()


def test_the_pack_replaces_its_own_files_and_leaves_the_others(tmp_path: Path) -> None:
    write(tmp_path / "queries", "demo/ask", HEADER, cypher=CYPHER.replace("\n", "\r\n"), sql=SQL)
    found = load(tmp_path / "queries")
    (tmp_path / "demo_ask.cypher").write_text("old")
    (tmp_path / "mine.cypher").write_text("RETURN 1;")

    export_pack(found, tmp_path)

    page = b"// What is asked.\n:param ids => ['a'];\n:param most => 3;\n" + CYPHER.replace("\n", "\r\n").encode()
    assert (tmp_path / "demo_ask.cypher").read_bytes() == page
    assert (tmp_path / "mine.cypher").read_text() == "RETURN 1;"


def test_the_style_sheet_says_only_what_neo4j_browser_reads(tmp_path: Path) -> None:
    """Its reader knows no comments, and splits at every semicolon and colon."""
    export_pack(catalogue(), tmp_path)
    sheet = (tmp_path / "headwater.grass").read_text()

    rules = dict(re.findall(r"^(\S+) \{\n(.*?)^\}\n", sheet, re.MULTILINE | re.DOTALL))

    assert (
        re.sub(
            r"^\S+ \{\n(?:  [a-z-]+: (?:#[0-9A-F]{6}|\d+px|'[^':;]+');\n)+\}\n", "", sheet, flags=re.MULTILINE
        ).strip()
        == ""
    )
    captions = {selector: re.findall("caption: '(.*)'", rule) for selector, rule in rules.items()}
    assert captions == {
        "node": [],
        "relationship": ["<type>"],
        "node.IOPointer": ["{name}"],
        "node.ComponentRun": ["{component}"],
        "node.Component": ["{name}"],
        "relationship.CONSUMED_BY": ["<type>"],
        "relationship.PRODUCED": ["<type>"],
    }
