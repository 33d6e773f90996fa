"""Two steps of the tour: which run is behind the complaints, and what it did differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from headwater.demo.complaints import Quality, quality
from headwater.demo.pipeline import FOLDER, Served
from headwater.demo.screen import Screen, about
from headwater.graph.lineage.face import Lineage
from headwater.graph.lineage.suspects import Ranking, SuspectGroup
from headwater.graph.model import Run
from headwater.graph.store import OutputFilter, Page

_PLACES = 5


def find_culprit(lineage: Lineage) -> tuple[Ranking, Run]:
    """Return the ranking of the runs behind the flagged predictions, and the earliest of its first suspects.

    On a store of its own this is `review`; beside other lineage only the demo's own flags count.
    """
    ranking = lineage.rank(OutputFilter(flagged=True, pattern=f"{FOLDER}/predictions/*"))
    return ranking, ranking.suspects[0].runs[0]


def show_review(screen: Screen, lineage: Lineage, served: Sequence[Served]) -> Run:
    """Print the suspects by Ochiai and by frequency, and how good the batches were with the first one; return it."""
    ranking, culprit = find_culprit(lineage)
    screen.step(f"Which run is behind the {len(ranking.slice_ids)} flagged batches?", "headwater review")
    screen.table(("", ">ochiai", "suspect", ">bad", ">good", "by frequency", ">bad", ">good"), _places(ranking))
    place = next(group.position for group in ranking.by_frequency if culprit in group.runs)
    reached = lineage.impact(culprit.id)
    screen.say(
        "[dim]bad, good: how many flagged and other batches have the run in their trace; +n: as many runs alike[/]\n\n"
        f"Ochiai names [bold red]{about(culprit)}[/], whose status is {culprit.status}. Frequency puts first what all "
        f"batches share, and that run at place {place}. The tips say:\n"
        f"  with it:     {_figures(quality([batch for batch in served if batch.state in reached]))}\n"
        f"  without it:  {_figures(quality([batch for batch in served if batch.state not in reached]))}"
    )
    return culprit


def _places(ranking: Ranking) -> Iterator[tuple[str, ...]]:
    both = zip_longest(ranking.suspects[:_PLACES], ranking.by_frequency[:_PLACES])
    for place, (ours, theirs) in enumerate(both, 1):
        suspect = f"[bold red]{_members(ours)}[/]" if place == 1 else _members(ours)
        yield str(place), f"{ours.score:.2f}", suspect, *_counts(ours), _members(theirs), *_counts(theirs)


def _members(group: SuspectGroup) -> str:
    more = group.size - 1
    return about(group.runs[0]) + (f" +{more}" if more else "")


def _counts(group: SuspectGroup) -> tuple[str, str]:
    return str(group.ef), str(group.ep)


def _figures(found: Quality) -> str:
    return f"{found.batches:2} batches, {found.accuracy:.0%} right, {found.recall:.0%} of the high tips foretold"


def show_difference(screen: Screen, lineage: Lineage, culprit: Run) -> None:
    """Print how the run differs from the one of its component before it."""
    (before,) = lineage.store.runs(Page(1, before=culprit.order), culprit.component)
    screen.step(f"What did it do that {about(before)} had not done?", f"headwater diff {before.id} {culprit.id}")
    found = lineage.diff(before.id, culprit.id).divergences
    rows = [(d.kind, d.what, *(_shown(value) for value in d.values)) for d in found]
    screen.table(("kind", "what", about(before), about(culprit)), rows)
    screen.say(
        "\nThe encoder was refitted alone, on a few hours of trips, and numbered cash and credit card the other way "
        "round. The model had learnt the old numbers. Nothing failed, so nothing was noticed."
    )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(sorted(value, key=value.__getitem__))
    return "-" if value is None else str(value).partition("@")[0]
