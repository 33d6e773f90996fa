from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from headwater.errors import SourceError, UsageError
from headwater.graph.facts import RunFact, Status
from headwater.loaders.neo4j_graph import Neo4jLoader
from headwater.loaders.neo4j_graph.mapping import Meaning, Node, run_fact

NOON = datetime(2021, 5, 1, 12, tzinfo=UTC)
MAPPED = {"run": "Job", "pointer": "Dataset", "consumed": "READS", "produced": "WRITES"}


def meaning(**options: str) -> Meaning:
    return Neo4jLoader(**MAPPED, **options).settled().meaning()


def fact(run: dict[str, Any], read: Any = (), wrote: Any = (), **options: str) -> RunFact:
    return run_fact(Node("4:db:1", run, read, wrote), meaning(**options))


def consumed(pointer: dict[str, Any], makers: tuple[str, ...] = (), **relation: Any) -> dict[str, Any]:
    made = [{"element": f"4:db:{number}", "id": maker} for number, maker in enumerate(makers, 10)]
    return {"element": "4:db:7", "pointer": pointer, "relation": relation, "is_made": bool(makers), "makers": made}


def test_properties_with_a_meaning_are_it_and_all_others_are_kept() -> None:
    run = {"id": 7, "component": "train", "started_at": NOON, "ended_at": NOON, "status": "SUCCEEDED", "team": "x"}
    wrote = [{"element": "e", "pointer": {"name": "m", "digest": "d", "rows": 3}, "relation": {"by": "ann"}}]
    found = fact(run, [consumed({"name": "raw", "owner": "bob"}, at=NOON)], wrote)

    assert (found.id, found.component, found.status, found.at) == ("7", "train", Status.COMPLETED, NOON)
    assert found.facets == {"team": "x"}
    [read], [written] = found.inputs, found.outputs
    assert (read.name, read.at, read.state, read.facets) == ("raw", NOON, None, {"owner": "bob"})
    assert (written.name, written.digest, written.facets) == ("m", "d", {"rows": 3, "by": "ann"})


def test_names_of_properties_are_options() -> None:
    found = fact({"uuid": "u", "task": "etl", "begin": NOON}, run_id="uuid", component="task", started="begin")
    assert (found.id, found.component, found.started_at, found.facets) == ("u", "etl", NOON, {})


def test_a_node_without_the_property_is_called_by_its_own_id() -> None:
    found = fact({}, [consumed({})])
    assert (found.id, found.inputs[0].name, found.component) == ("4:db:1", "4:db:7", None)
    assert (found.status, found.at) == (Status.COMPLETED, datetime(1970, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (NOON, NOON),
        (NOON.astimezone(ZoneInfo("Asia/Tokyo")), NOON),
        (datetime(2021, 5, 1, 14), NOON),  # noqa: DTZ001  # what Neo4j calls a local time
        (date(2021, 5, 1), datetime(2021, 4, 30, 22, tzinfo=UTC)),
        ("2021-05-01T14:00:00", NOON),
        ("2021-05-01T12:00:00Z", NOON),
        (NOON.timestamp() * 1000, NOON),
        (int(NOON.timestamp() * 1000) + 1, NOON + timedelta(milliseconds=1)),
    ],
)
def test_times_of_every_kind_are_read(value: Any, read_as: datetime) -> None:
    assert fact({"id": "r", "started_at": value}, tz="Europe/Berlin").started_at == read_as


def test_numbers_are_of_the_unit_that_the_option_names() -> None:
    assert fact({"id": "r", "started_at": NOON.timestamp()}, epoch="s").started_at == NOON


@pytest.mark.parametrize("value", ["noon", True, [1], 10**30, float("nan")])
def test_what_is_no_time_is_named(value: Any) -> None:
    with pytest.raises(SourceError, match=r"started_at .* is no time"):
        fact({"id": "r", "started_at": value})


def test_a_status_that_nobody_knows_is_named() -> None:
    assert [fact({"id": "r", "status": word}).status for word in ("Cancelled", "error")] == ["aborted", "failed"]
    with pytest.raises(SourceError, match="status 'half' is unknown"):
        fact({"id": "r", "status": "half"})


def test_a_run_that_still_runs_has_no_end() -> None:
    assert fact({"id": "r", "status": "running", "started_at": NOON, "ended_at": NOON}).ended_at is None


def test_a_node_that_is_a_state_was_read_as_its_one_maker_wrote_it() -> None:
    states = [({"name": "a", "digest": "d"}, makers) for makers in ((), ("w",), ("w", "v"), ("r",))]
    found = fact({"id": "r"}, [consumed(*one) for one in states], pointer_is="state").inputs

    assert [(one.state, one.digest) for one in found] == [(None, "d"), ("a@w", None), (None, "d"), (None, "d")]


def test_an_id_that_no_run_can_have_is_escaped() -> None:
    ids = [fact({"id": ident}).id for ident in ("a@b", "50%@x", "external:1", "50%")]
    assert ids == ["a%40b", "50%25%40x", "run:external:1", "50%"]


def test_a_mapping_file_says_what_no_option_says(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text('run = "Job"\npointer = "Dataset, Model"\nconsumed = "READS"\ntz = "Europe/Berlin"\n')
    found = Neo4jLoader(mapping=str(path), consumed="USES").settled()

    assert (found.run, found.pointer, found.consumed, found.tz) == ("Job", "Dataset, Model", "USES", "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('colour = "red"', "says colour = 'red'"),
        ("run = 3", "says run = 3"),
        ("run = ", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_mapping_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "mapping.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=reason):
        Neo4jLoader(mapping=str(path)).settled()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"run": ""}, "needs the option run"),
        ({"pointer": " , "}, "needs the option pointer"),
        ({"consumed": "", "produced": ""}, "needs the option consumed or produced"),
        ({"pointer_is": "thing"}, "pointer_is='thing' is none of name, state"),
        ({"epoch": "h"}, "epoch='h' is none of s, ms, us"),
        (
            {"user": "ann", "password_env": "HEADWATER_TEST_UNSET"},
            "HEADWATER_TEST_UNSET is not set",
        ),
        ({"tz": "Mars"}, "'Mars' is no time zone"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        list(Neo4jLoader(**{**MAPPED, **options}).read("bolt://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("graph.db", "is no URL of a Neo4j server"),
        ("http://host", "is no URL of a Neo4j server"),
        ("bolt://", "is no URL of a Neo4j server"),
        ("bolt://host:port", "is no URL: "),
    ],
)
def test_a_source_that_is_no_server_is_refused(source: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        list(Neo4jLoader(**MAPPED).read(source))


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="password_env") as caught:
        list(Neo4jLoader(**MAPPED).read("bolt://ann:secret@host"))
    assert "secret" not in str(caught.value)
