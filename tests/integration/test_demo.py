from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headwater import Lineage, Output, RunFact, connect
from headwater.demo import __main__, browser, run_demo
from headwater.demo.blame import find_culprit
from headwater.demo.complaints import complaints, quality
from headwater.demo.journal import run_id
from headwater.demo.pipeline import REFIT_AT, Served
from headwater.demo.promise import show_promise
from headwater.demo.screen import Screen
from headwater.demo.tour import ask, record
from headwater.errors import MissingExtra
from headwater.graph.measures import Measured
from headwater.graph.metrics.incidents import Incident
from headwater.graph.metrics.store import metrics_of
from headwater.queries.catalogue import catalogue
from tests.support.neo4j_database import Database
from tests.support.shared_data import shared_data

DEFECT = run_id("encode", REFIT_AT)


@dataclass(frozen=True, slots=True)
class Played:
    lineage: Lineage
    url: str
    screen: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'lineage.db'}"
    screen = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(screen):
        patch.setenv("COLUMNS", "100")
        patch.setattr(sys, "argv", ["headwater.demo", url])
        __main__.main()
    with connect(url) as lineage:
        yield Played(lineage, url, screen.getvalue())


@dataclass(frozen=True, slots=True)
class PlayedAgain:
    served: Sequence[Served]
    screen: str
    digests: tuple[str, str]
    incidents: tuple[Sequence[Incident], Sequence[Incident]]


@pytest.fixture(scope="module")
def again(played: Played) -> PlayedAgain:
    before, broken = played.lineage.digest(), played.lineage.alerts(only_open=False)
    story = record(played.lineage)
    with redirect_stdout(io.StringIO()) as screen:
        ask(Screen(), played.lineage, played.url, story)
    after = played.lineage.alerts(only_open=False)
    return PlayedAgain(story.served, screen.getvalue(), (before, played.lineage.digest()), (broken, after))


def incidents(lineage: Lineage) -> list[tuple[Measured, Measured | None]]:
    return [(one.opened, one.closed) for one in lineage.alerts(only_open=False)]


def play(lineage: Lineage, url: str) -> str:
    with redirect_stdout(io.StringIO()) as screen:
        run_demo(lineage, url)
    return screen.getvalue()


def test_the_packaged_trips_are_the_published_ones() -> None:
    packed = Path(__main__.__file__).with_name("trips.csv.gz").read_bytes()

    assert gzip.decompress(packed) == shared_data("taxis.csv").read_bytes()


def test_hundreds_of_runs_are_recorded(played: Played) -> None:
    assert played.lineage.stats() == {
        "components": 9,
        "runs": 627,
        "pointers": 1206,
        "consumed_by": 5931,
        "produced": 627,
        "annotations": 28,
    }


def test_the_runs_carry_the_times_of_the_trips(played: Played) -> None:
    newest = played.lineage.recent(1).runs[0]
    first = played.lineage.history("zones").runs[0]

    assert newest.started_at == datetime(2019, 4, 1, 6, 10, tzinfo=UTC)
    assert first.started_at == datetime(2019, 3, 1, 5, 0, tzinfo=UTC)


def test_the_defective_run_looks_like_any_other(played: Played) -> None:
    assert {run.status for run in played.lineage.history("encode").runs} == {"completed"}


def test_the_defect_spoils_what_it_touched_and_nothing_else(played: Played, again: PlayedAgain) -> None:
    touched = played.lineage.impact(DEFECT)

    spoiled = quality([batch for batch in again.served if batch.state in touched])
    others = quality([batch for batch in again.served if batch.state not in touched])

    assert (spoiled.batches, others.batches) == (17, 95)
    assert spoiled.accuracy < 0.4
    assert spoiled.recall < 0.1
    assert others.accuracy > 0.75
    assert others.recall > 0.85


def test_the_promise_breaks_with_the_defect_and_is_kept_again(played: Played) -> None:
    store = metrics_of(played.lineage.store)
    later, earlier = played.lineage.alerts(only_open=False)

    assert [(one.opened.metric, one.opened.rows, one.closed is None) for one in (later, earlier)] == [
        ("recall", 422, False),
        ("recall", 106, False),
    ]
    assert later.opened.value == pytest.approx(0.722, abs=0.0005)
    assert later.opened.at == datetime(2019, 3, 22, 4, 13, tzinfo=UTC)
    assert (later.opened.run in played.lineage.impact(DEFECT), store.claim("serve", 0)) == (True, [])


def test_the_alert_leads_to_a_batch_that_the_defect_spoiled(played: Played, again: PlayedAgain) -> None:
    with redirect_stdout(io.StringIO()) as screen:
        worst = show_promise(Screen(), played.lineage, again.served)

    assert worst.name == "taxi/predictions/2019-03-20-evening.csv"
    assert worst.state in played.lineage.impact(DEFECT)
    assert "22 Mar 04:13  28 Mar 04:13  recall  0.722" in screen.getvalue()


def test_customers_complain_of_bad_batches_whatever_the_reason(played: Played, again: PlayedAgain) -> None:
    flagged = {note.target for note in complaints(again.served)}
    touched = played.lineage.impact(DEFECT)

    assert flagged == {batch.state for batch in again.served if batch.right / batch.trips < 0.75}
    assert len(flagged) == 28
    assert sum(state in touched for state in flagged) == 17


def test_ochiai_names_the_defective_run_alone(played: Played) -> None:
    first = played.lineage.review().suspects[0]

    assert [run.id for run in first.runs] == [DEFECT]
    assert (first.ef, first.nf, first.ep) == (17, 11, 0)


def test_frequency_puts_the_shared_roots_first(played: Played) -> None:
    ranking = played.lineage.review()

    roots = {run.component for run in ranking.by_frequency[0].runs}
    assert {"zones", "ingest", "clean"} <= roots
    assert DEFECT not in {run.id for run in ranking.by_frequency[0].runs}
    assert ranking.by_frequency[0].ef == len(ranking.slice_ids)


def test_the_ranking_on_screen_is_that_of_review(played: Played) -> None:
    ranking, culprit = find_culprit(played.lineage)

    assert ranking == played.lineage.review()
    assert culprit.id == DEFECT


def test_an_old_look_up_table_and_an_old_model_are_stale(played: Played) -> None:
    causes = {
        (cause.kind, cause.edge.source.partition("@")[0])
        for one in played.lineage.stale_components()
        for cause in one.causes
        if cause.edge
    }

    assert causes == {("old_input", "taxi/zones.csv"), ("fresher_state", "taxi/model.joblib")}


@pytest.mark.parametrize(
    "command",
    [
        "headwater stats",
        "headwater alerts --all",
        "headwater trace taxi/predictions/2019-03-20-evening.csv --depth 4",
        "headwater review",
        f"headwater diff {run_id('encode', datetime(2019, 3, 18, 2))} {DEFECT}",  # noqa: DTZ001  # local, as the data
        "headwater stale",
        "headwater impact taxi/customers/c-187309.csv",
    ],
)
def test_each_question_shows_the_command_that_asks_it(played: Played, command: str) -> None:
    assert f"$ {command}\n" in played.screen


def test_the_readme_shows_lines_of_the_screen(played: Played, checkout: Path) -> None:
    block = (checkout / "README.md").read_text("utf-8").split("```")[1]

    assert [line for line in block.splitlines() if line.rstrip() not in played.screen] == []


def test_the_steps_are_numbered(played: Played) -> None:
    steps = [line.split("  ")[0] for line in played.screen.splitlines() if "───────" in line and "  " in line]

    assert [step for step in steps if step.isdigit()] == list("123456789")


def test_the_screen_says_where_the_lineage_is(played: Played) -> None:
    assert f"export HEADWATER_STORE={played.url}\n" in played.screen


def test_no_line_is_wider_than_the_screen(played: Played) -> None:
    assert [line for line in played.screen.splitlines() if len(line) > 100 and played.url not in line] == []


def test_playing_again_changes_nothing(again: PlayedAgain) -> None:
    before, after = again.digests

    assert after == before
    assert again.incidents[1] == again.incidents[0]
    assert "All of it was there before" in again.screen


def test_other_lineage_in_the_store_stays_and_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lineage.db'}"
    with connect(url) as lineage:
        lineage.record(
            [RunFact("mine", "encode", started_at=datetime(2020, 1, 1, tzinfo=UTC), outputs=(Output("mine.csv"),))]
        )
        lineage.flag("mine.csv")

        screen = play(lineage, url)

        assert "1 of the runs were there before" in screen
        assert lineage.stats()["runs"] == 628
        assert find_culprit(lineage)[1].id == DEFECT


def test_neo4j_holds_the_same_graph_as_sqlite(played: Played, neo4j_url: Database) -> None:
    server = neo4j_url
    with connect(server.url, user=server.user, password=server.password, database=server.name) as lineage:
        screen = play(lineage, server.url)

        assert lineage.digest() == played.lineage.digest()
        assert incidents(lineage) == incidents(played.lineage)
    assert "/browser/" in screen
    assert "UNWIND ['taxi/predictions/2019-03-20-evening.csv@" in screen


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("bolt://localhost:7687", "http://localhost:7474/browser/"),
        ("neo4j+s://graph.example:7687", "http://graph.example:7474/browser/"),
    ],
)
def test_the_browser_is_where_convention_puts_it(url: str, page: str) -> None:
    assert browser.is_neo4j(url)
    assert browser.browser_url(url) == page


def test_the_query_to_paste_is_the_one_that_the_product_runs() -> None:
    pasted = browser.upstream_query("it's.csv@r1")

    assert pasted.replace("['it\\'s.csv@r1']", "$ids") == catalogue()["trace/upstream"].cypher.body


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, played: Played) -> None:
    for module in [name for name in sys.modules if name.startswith("headwater.demo.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sklearn.tree", None)

    with pytest.raises(MissingExtra, match=r"sklearn\.tree is not installed") as caught:
        run_demo(played.lineage, played.url)

    assert caught.value.hint == "pip install 'headwater[demo]'"
