"""The demo: a month of a taxi company's pipeline, one mistake in it, and how lineage finds it.

Read it in this order: `trips` (the data), `stages` (what is computed), `pipeline` (when, and what is recorded of it),
`complaints` (who is unhappy), `tour` (what is asked). Needs the extra `headwater[demo]`.
"""

from __future__ import annotations

from headwater.errors import MissingExtra
from headwater.graph.lineage.face import Lineage


def run_demo(lineage: Lineage, url: str) -> None:
    """Run the pipeline, record it in `lineage`, which is stored at `url`, and print the tour on stdout.

    Playing it again changes nothing in the store. Raises MissingExtra without pandas, scikit-learn and rich; StoreError
    when the store fails.
    """
    try:
        from headwater.demo.tour import play
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[demo]'") from exc
    play(lineage, url)
