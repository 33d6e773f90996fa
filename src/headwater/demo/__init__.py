"""The demo: a month of a taxi company's pipeline, one mistake in it, and how lineage finds it.

Read it in this order: `trips` (the data), `stages` (what is computed), `pipeline` (when, and what is recorded of it),
`promise` (what was agreed), `complaints` (who is unhappy), `tour` (what is asked). Needs the extra `headwater[demo]`.
"""

from __future__ import annotations

from headwater.errors import MissingExtra
from headwater.graph.lineage.face import Lineage

_OPENING = """\
[bold]Headwater demo[/]: 6,433 real taxi trips, New York, March 2019.
A pipeline predicts four times a day which riders will tip 20 % or more. Then customers complain.
[bold]Which run is to blame?[/]"""


def run_demo(lineage: Lineage, url: str) -> None:
    """Run the pipeline, record it in `lineage`, which is stored at `url`, and print the tour on stdout.

    Playing it again changes nothing in the store. Raises MissingExtra without pandas, scikit-learn and rich; StoreError
    when the store fails.
    """
    try:
        from headwater.demo.screen import Screen

        screen = Screen()
        screen.say(_OPENING)
        # Loading pandas and scikit-learn is the first part of the wait.
        with screen.console.status("Running a month of the pipeline ..."):
            from headwater.demo.tour import ask, record

            story = record(lineage)
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[demo]'") from exc
    ask(screen, lineage, url, story)
