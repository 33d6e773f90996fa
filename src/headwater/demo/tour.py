"""The tour: record a month of the pipeline, then ask what a team would ask when customers complain."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.markup import escape

from headwater.demo import browser
from headwater.demo.blame import show_difference, show_review
from headwater.demo.complaints import AGREED, complaints, is_broken_promise
from headwater.demo.pipeline import Served, customer_file, run_month
from headwater.demo.screen import Screen
from headwater.demo.trips import load_trips, rarest_customer
from headwater.demo.upkeep import show_impact, show_stale
from headwater.graph.connect import DEFAULT_STORE
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.walk import Limits

_DEPTH = 4


def play(lineage: Lineage, url: str) -> None:
    """Run the pipeline, record it and print the tour on stdout; `url` is only told to the reader."""
    screen, trips = Screen(), load_trips()
    screen.say(
        f"[bold]Headwater demo[/]: {len(trips):,} real taxi trips, New York, March 2019. Will the rider tip 20 %?\n"
        "A pipeline predicts it four times a day. Then customers complain: [bold]which run is to blame?[/]"
    )
    held = lineage.stats()["runs"]
    with screen.console.status("Running a month of the pipeline ..."):
        month = run_month(trips)
        lineage.record([*month.facts, *complaints(month.served)])
    worst = max(month.served, key=lambda batch: batch.trips - batch.right)
    show_record(screen, lineage, month.served, held)
    show_trace(screen, lineage, worst)
    culprit = show_review(screen, lineage, month.served)
    show_difference(screen, lineage, culprit)
    show_stale(screen, lineage)
    customer = rarest_customer(trips, worst.batch)
    show_impact(screen, lineage, customer_file(customer), int((trips["customer"] == customer).sum()))
    show_way_on(screen, url, worst)


def show_record(screen: Screen, lineage: Lineage, served: Sequence[Served], held: int) -> None:
    """Print what the graph holds, of which `held` runs were there before, and who complained."""
    stats = lineage.stats()
    screen.step("What was recorded?", "headwater stats")
    screen.say(_PICTURE)
    screen.say(
        f"{stats['runs']:,} runs of {stats['components']} components, {stats['pointers']:,} states of files, "
        f"{stats['consumed_by'] + stats['produced']:,} edges between them."
    )
    if held == stats["runs"]:
        screen.say("All of it was there before: recording the same runs again changes nothing.")
    elif held:
        screen.say(f"{held:,} of the runs were there before; the demo has added its own to them.")
    flagged = sum(map(is_broken_promise, served))
    screen.say(
        f"{len(served)} batches of predictions were served. Customers flagged {flagged} of them: less than "
        f"{AGREED:.0%} right."
    )


def show_trace(screen: Screen, lineage: Lineage, worst: Served) -> None:
    """Print what one flagged prediction was made from, a few runs deep."""
    screen.step("Where did this prediction come from?", f"headwater trace {worst.name} --depth {_DEPTH}")
    screen.tree(lineage.trace(worst.state, Limits(depth=_DEPTH)))
    whole = lineage.trace(worst.state)
    screen.say(
        "\nFiles are overwritten, so a line is one state of a file: two of encoder.json are at work here. The whole "
        f"trace has {len(whole.runs())} runs and {len(whole.pointers())} states. Times are UTC."
    )


def show_way_on(screen: Screen, url: str, worst: Served) -> None:
    """Print where the lineage lies and what to type next; for Neo4j, what to open and paste."""
    screen.step("Where is all this, and what now?")
    screen.say(f"The lineage is stored at [bold]{escape(url)}[/].")
    if url != DEFAULT_STORE:
        screen.say("The commands above ask it after")
        screen.type(f"\n  export HEADWATER_STORE={shlex.quote(url)}")
    if browser.is_neo4j(url):
        screen.say(f"\nOpen Neo4j Browser at [bold]{browser.browser_url(url)}[/] and paste the trace of step 2:\n")
        screen.type(browser.upstream_query(worst.state))
        screen.say("`headwater queries export DIR` writes every query as a file to paste, and a style sheet.")
    screen.say("\nTo record a pipeline of your own:\n")
    screen.type(_YOURS)


_PICTURE = """\
[dim]ingest ── clean ── features ── predict ── serve ── predictions    four times a day
            └───── history ── encode ── train ── model          every night; on Mondays[/]
"""
_YOURS = """\
  import headwater

  with headwater.log_run("clean", inputs=["raw.csv"], outputs=["clean.csv"]):
      ...  # your code"""
