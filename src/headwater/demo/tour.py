"""The tour: record a month of the pipeline, then ask what a team would ask when customers complain."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from headwater.demo import browser
from headwater.demo.blame import show_difference, show_review
from headwater.demo.complaints import AGREED, complaints, is_broken_promise
from headwater.demo.farewell import show_farewell
from headwater.demo.pipeline import Served, customer_file, run_month
from headwater.demo.promise import show_promise, watch
from headwater.demo.screen import Screen
from headwater.demo.trips import load_trips, rarest_customer
from headwater.demo.upkeep import show_impact, show_stale
from headwater.graph.connect import DEFAULT_STORE
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.walk import Limits

_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Story:
    """What was recorded: the trips, the batches served from them, and how many runs the store `held` before."""

    trips: pd.DataFrame
    served: Sequence[Served]
    held: int


def record(lineage: Lineage) -> Story:
    """Run the pipeline, and record its runs, how good its predictions were, and the complaints of its customers."""
    trips, held = load_trips(), lineage.stats()["runs"]
    month = run_month(trips)
    lineage.record([*month.facts, *complaints(month.served)])
    watch(lineage, month.served)
    return Story(trips, month.served, held)


def ask(screen: Screen, lineage: Lineage, url: str, story: Story) -> None:
    """Print the questions and their answers; `url` is only told to the reader."""
    show_record(screen, lineage, story)
    worst = show_promise(screen, lineage, story.served)
    show_trace(screen, lineage, worst)
    culprit = show_review(screen, lineage, story.served)
    show_difference(screen, lineage, culprit)
    show_stale(screen, lineage)
    customer = rarest_customer(story.trips, worst.batch)
    rides = int((story.trips["customer"] == customer).sum())
    show_impact(screen, lineage, customer_file(customer), rides)
    show_farewell(screen, lineage, story.trips, story.served)
    show_way_on(screen, url, worst)


def show_record(screen: Screen, lineage: Lineage, story: Story) -> None:
    """Print what the graph holds and how many complained."""
    stats = lineage.stats()
    screen.step("What was recorded?", "headwater stats")
    screen.say(_PICTURE)
    screen.say(
        f"{stats['runs']:,} runs of {stats['components']} components, {stats['pointers']:,} states of files, "
        f"{stats['consumed_by'] + stats['produced']:,} edges between them."
    )
    if story.held == stats["runs"]:
        screen.say("All of it was there before: recording the same runs again changes nothing.")
    elif story.held:
        screen.say(f"{story.held:,} of the runs were there before; the demo has added its own to them.")
    flagged = sum(map(is_broken_promise, story.served))
    screen.say(
        f"Of {len(story.served)} batches of predictions customers flagged {flagged}: less than {AGREED:.0%} right."
    )


def show_trace(screen: Screen, lineage: Lineage, worst: Served) -> None:
    """Print what one flagged prediction was made from, a few runs deep."""
    screen.step("Where did the worst of them come from?", f"headwater trace {worst.name} --depth {_DEPTH}")
    screen.tree(lineage.trace(worst.state, Limits(depth=_DEPTH)))
    whole = lineage.trace(worst.state)
    screen.say(
        "\nFiles are overwritten, so a line is one state of a file: two of encoder.json are at work here. The whole "
        f"trace has {len(whole.runs())} runs and {len(whole.pointers())} states. Times are UTC."
    )


def show_way_on(screen: Screen, url: str, worst: Served) -> None:
    """Print where the lineage lies and what to type next; for Neo4j, what to open and paste."""
    screen.step("Where is all this, and what now?")
    if url == DEFAULT_STORE:
        screen.say(f"The lineage is stored at {url}, where the commands above look for it.")
    else:
        screen.say("The lineage is stored at this URL, and the commands above look there after\n")
        screen.type(f"  export HEADWATER_STORE={shlex.quote(url)}")
    if browser.is_neo4j(url):
        screen.say(f"\nOpen Neo4j Browser at [bold]{browser.browser_url(url)}[/] and paste the trace of step 3:\n")
        screen.type(browser.upstream_query(worst.state))
        screen.say("`headwater queries export DIR` writes every query as a file to paste, and a style sheet.")
    screen.say("\nTo record a pipeline of your own:\n")
    screen.type(_YOURS)


_PICTURE = """\
[dim]ingest ── clean ── features ── predict ── serve    four times a day
            └──── history ── encode ── train     every night; on Mondays[/]
"""
_YOURS = """\
  import headwater

  with headwater.log_run("clean", inputs=["raw.csv"], outputs=["clean.csv"]):
      ...  # your code"""
