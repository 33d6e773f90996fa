"""The Neo4j Browser pack: the Cypher that the product runs, as files that a person opens in Neo4j Browser."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from headwater.queries.catalogue import Catalogue, Query

STYLE = "headwater.grass"


def export_pack(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Write one `subject_name.cypher` a query and the style sheet into the folder; return the files written.

    A file holds a title, the parameters' examples, and then the body that the product runs, byte for byte.
    Files of the same names are overwritten, all others stay. Raises OSError where a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pack = {f"{query.name.replace('/', '_')}.cypher": _page(query).encode() for query in catalogue}
    pack[STYLE] = resources.files("headwater.queries").joinpath("browser.grass").read_bytes()
    for name, content in pack.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in pack]


def _page(query: Query) -> str:
    # Neo4j Browser splits what is pasted at semicolons alone: without one, `:param` would swallow the query.
    examples = "".join(f"{line};\n" for line in query.cypher.browser)
    return f"// {query.purpose.splitlines()[0]}\n{examples}{query.cypher.body}"
