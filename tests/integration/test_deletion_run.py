"""A deletion from the request to the proof, on both stores."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from headwater.deletion.chain import audited
from headwater.deletion.face import Deletions
from headwater.deletion.rerunners import Task
from headwater.deletion.subjects import parse
from headwater.deletion.vault import Vault
from headwater.errors import (
    CorruptStore,
    DeletionRefused,
    ExecutionUnderWay,
    NotApproved,
    PlanOutdated,
    RerunFailed,
    StillReached,
    UnknownPointer,
    UsageError,
)
from headwater.graph.facts import Input, Output, RunFact, Status
from headwater.graph.lineage.face import Lineage
from headwater.graph.query_store import QueryStore
from tests.support.forgetting import MINE, STAGES, START, THEIRS, Again, pipeline, ran, ready
from tests.support.neo4j_database import Database
from tests.support.stores import opened

MADE = [("r1", "clean.csv"), ("r2", "model.joblib"), ("r3", "model.joblib"), ("r4", "out.csv")]


@pytest.fixture
def store(place: Database) -> Iterator[QueryStore]:
    with opened(place) as found:
        found.record(pipeline())
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Iterator[QueryStore]:
    with opened(Database(f"sqlite:///{tmp_path}/lineage.db")) as found:
        found.record(pipeline())
        yield found


def newest(store: QueryStore, name: str) -> str:
    return store.resolve(name).id


def test_a_deletion_replaces_what_is_live_and_then_deletes(store: QueryStore) -> None:
    again = Again()
    deletions, request = ready(store, again)
    before = deletions.verify(request)

    done = deletions.execute(by="bob", dry_run=False)

    assert (before.is_done, before.live) == (False, 3)
    assert (done.status, again.components) == ("completed", STAGES)
    assert deletions.verify(request).is_done
    assert [one.status for one in deletions.requests()] == ["completed"]
    trace = Lineage(store).trace("out.csv")
    assert {node.id.partition("@")[0] for node in trace.pointers()} == {"out.csv", "model.joblib", "clean.csv", THEIRS}
    erased = {node.id for node in Lineage(store).impact("r1").nodes.values() if node.erased is not None}
    assert erased == {"r1", "clean.csv@r1", "model.joblib@r2", "model.joblib@r3", "out.csv@r4"}


def test_nothing_that_stays_names_the_subject(store: QueryStore) -> None:
    deletions, request = ready(store, Again())

    deletions.execute(by="bob", dry_run=False)

    kept = [*deletions.export(), *store.kept().values(), str(deletions.report(request)), *map(str, store.facts())]
    assert [text for text in kept if "zoe" in text] == []


def test_the_receipt_recognises_the_subject_in_the_register(store: QueryStore) -> None:
    deletions, request = ready(store, Again(), MINE, "clients/zoe/*")
    done = deletions.execute(by="bob", dry_run=False)

    salt = done.receipts[request]

    [asked] = deletions.requests()
    assert sorted(parse(text).hash(salt) for text in (MINE, "clients/zoe/*")) == asked.subjects
    assert salt not in str(deletions.report(request)) + "".join(deletions.export())


def test_the_register_tells_who_did_what_and_is_intact(store: QueryStore) -> None:
    deletions, request = ready(store, Again())
    deletions.execute(by="bob", dry_run=False)

    history = deletions.report(request)["history"]

    assert [(one["kind"], one["by"]) for one in history[:4]] == [
        ("request", "ann"),
        ("plan", "ann"),
        ("approval", "bob"),
        ("execution", "bob"),
    ]
    steps = [one["step"] for one in history if one["kind"] == "step"]
    assert steps == ["wave 1", "wave 2", "wave 3", "swap", "delete", "source", "erase", "purge", "scrub"]
    assert [one["kind"] for one in history[-2:]] == ["verification", "completion"]
    assert audited("".join(deletions.export()).encode(), deletions.head.digest).is_intact


def test_a_report_that_was_altered_is_not_told(file: QueryStore) -> None:
    deletions, request = ready(file, Again())
    deletions.execute(by="bob", dry_run=False)
    report = Vault(file, f"report:{request}")
    report.put("report", {**report.get("report"), "tombstones": ["more"]})

    for ask in (deletions.report, deletions.verify):
        with pytest.raises(CorruptStore, match="not the one"):
            ask(request)


def test_a_rerunner_is_told_what_to_leave_out_and_what_to_read_instead(file: QueryStore) -> None:
    again = Again()
    deletions, _ = ready(file, again)
    deletions.execute(by="bob", dry_run=False)

    clean, train, predict = again.tasks
    assert (clean.of, clean.inputs, clean.without) == ("r1", (THEIRS,), (f"{MINE}@external",))
    assert train.reads == {"clean.csv@r1": f"clean.csv@{clean.id}"}
    assert predict.reads == {"model.joblib@r3": f"model.joblib@{train.id}"}
    assert file.run(train.id).run.labels == {"rerun_of": "r3"}


def test_a_dry_run_is_the_default_and_changes_nothing(store: QueryStore) -> None:
    again = Again()
    deletions, _ = ready(store, again)
    before = store.digest(), deletions.head

    told = deletions.execute(by="bob")

    assert (told.status, told.problems, again.tasks) == ("dry run", [], [])
    assert [step["kind"] for step in told.steps] == [*["rebuild"] * 3, "swap", "delete", "source", "purge", "verify"]
    assert (store.digest(), deletions.head) == before


def test_a_plan_has_to_be_approved_by_somebody_else(file: QueryStore) -> None:
    deletions = Deletions(Lineage(file), {"*": Again()}, four_eyes=True)
    deletions.request(MINE, by="ann", reason="ticket")
    deletions.plan(by="bob")

    with pytest.raises(NotApproved):
        deletions.execute(by="bob", dry_run=False)
    with pytest.raises(NotApproved, match="ann made the request"):
        deletions.approve(by="ann")
    deletions.approve(by="bob")
    assert deletions.execute(by="ann", dry_run=False).status == "completed"


def test_a_plan_whose_graph_has_changed_is_refused_and_made_anew(store: QueryStore) -> None:
    deletions, _ = ready(store, Again())
    store.record([ran("late", "report", 30, ["clean.csv"], "report.pdf")])

    with pytest.raises(PlanOutdated, match="late began meanwhile"):
        deletions.execute(by="bob", dry_run=False)

    assert {rerun.run for rerun in deletions.plan(by="ann").reruns} == {"r1", "r3", "r4", "late"}
    deletions.approve(by="bob")
    assert deletions.execute(by="bob", dry_run=False).status == "completed"


def test_new_data_of_the_subject_makes_a_plan_outdated(file: QueryStore) -> None:
    deletions, _ = ready(file, Again())
    file.record([ran("more", "import", 30, ["crm"], "clients/zoe/b.csv")])

    with pytest.raises(PlanOutdated, match="other states"):
        deletions.execute(by="bob", dry_run=False)


def test_a_failed_rerun_stops_with_production_untouched_and_what_is_done_is_not_done_again(store: QueryStore) -> None:
    def broken(task: Task) -> None:
        if task.component == "train" and not repaired:
            raise OSError("no GPU")

    repaired: list[bool] = []
    again = Again(broken)
    deletions, request = ready(store, again)

    with pytest.raises(RerunFailed, match="no GPU"):
        deletions.execute(by="bob", dry_run=False)

    assert newest(store, "model.joblib") == "model.joblib@r3"
    assert newest(store, "out.csv") == "out.csv@r4"
    assert all(node.erased is None for node in Lineage(store).impact("r1").nodes.values())
    assert [one.status for one in deletions.requests()] == ["stopped"]
    repaired.append(True)
    assert deletions.execute(by="bob", dry_run=False).status == "completed"
    assert again.components == STAGES
    assert "no GPU" not in "".join(deletions.export())
    assert "stop" in {one["kind"] for one in deletions.report(request)["history"]}


def test_a_component_that_nobody_reruns_is_named_before_anything_begins(file: QueryStore) -> None:
    deletions = Deletions(Lineage(file), {"train": "true"})
    deletions.request(MINE, by="ann", reason="ticket")
    deletions.plan(by="ann")
    deletions.approve(by="bob")

    assert deletions.execute(by="bob").problems == ["nobody reruns 'clean'", "nobody reruns 'predict'"]
    with pytest.raises(DeletionRefused, match="nobody reruns 'clean'"):
        deletions.execute(by="bob", dry_run=False)


def test_a_state_that_comes_out_alike_stops_the_wave_and_is_the_proof(store: QueryStore) -> None:
    def alike(task: Task) -> None:
        [old] = store.run(task.of).outputs
        at = START + timedelta(hours=1)
        outputs = (Output(old.name, old.digest),)
        store.record([RunFact(task.id, task.component, None, at, at, (Input(THEIRS),), outputs)])

    again = Again(alike)
    deletions, request = ready(store, again)

    done = deletions.execute(by="bob", dry_run=False)

    found = deletions.verify(request)
    assert (done.status, again.components) == ("completed", ["clean"])
    assert newest(store, "out.csv") == "out.csv@r4"
    assert store.resolve("out.csv").erased is None
    assert [(one.state, one.same_as) for one in found.proofs] == [("clean.csv@r1", f"clean.csv@{again.tasks[0].id}")]
    assert found.is_done


def test_a_rerun_that_reads_the_subject_again_is_found(file: QueryStore) -> None:
    def careless(task: Task) -> None:
        file.record([ran(task.id, task.component, 60, [MINE, THEIRS], *task.outputs)])

    deletions, _ = ready(file, Again(careless))

    with pytest.raises(StillReached, match="still reads the subject"):
        deletions.execute(by="bob", dry_run=False)

    assert file.resolve(f"{MINE}@external").erased is None


def test_a_rerun_that_does_not_write_what_it_should_has_failed(file: QueryStore) -> None:
    def idle(task: Task) -> None:
        file.record([ran(task.id, task.component, 60, [THEIRS])])

    deletions, _ = ready(file, Again(idle))

    with pytest.raises(RerunFailed, match=r"did not write 'clean\.csv'"):
        deletions.execute(by="bob", dry_run=False)


def test_the_labels_of_what_is_live_go_over_to_its_replacement(store: QueryStore) -> None:
    again = Again()
    deletions, _ = ready(store, again)
    deletions.execute(by="bob", dry_run=False)

    new = store.resolve("model.joblib")

    assert (new.run, new.labels) == (again.tasks[1].id, {"registered": "shop"})
    assert "registered" not in store.resolve("model.joblib@r3").labels


def test_what_runs_is_quarantined_and_the_request_stays_open(store: QueryStore) -> None:
    began = ran("now", "watch", 30, ["other.csv", "clean.csv"]).started_at
    store.record([RunFact("now", "watch", Status.RUNNING, began, inputs=(Input("clean.csv"),), outputs=(Output("w"),))])
    deletions, request = ready(store, Again())

    with pytest.raises(StillReached):
        deletions.execute(by="bob", dry_run=False)

    assert "quarantined" in store.resolve("w@now").labels
    assert not deletions.verify(request).is_done


def test_many_requests_make_one_plan_and_are_done_together(store: QueryStore) -> None:
    again = Again()
    deletions = Deletions(Lineage(store), {"*": again})
    ids = [deletions.request(one, by="ann", reason="ticket").id for one in (MINE, THEIRS)]
    plan = deletions.plan(by="ann")
    deletions.approve(by="bob")

    done = deletions.execute(by="bob", dry_run=False)

    assert (len(plan.reruns), plan.saving.reruns_alone) == (4, 7)
    assert (done.status, sorted(done.receipts)) == ("completed", sorted(ids))
    assert all(deletions.verify(one).is_done for one in ids)


def test_contents_that_only_erased_states_had_are_purged(store: QueryStore) -> None:
    asked: list[tuple[list[str], list[bool]]] = []

    def purge(digests: Sequence[str], erased: Container[str]) -> dict[str, str]:
        asked.append((list(digests), [state in erased for state in ("out.csv@r4", "other.csv@r5", "none@r9")]))
        return dict.fromkeys(digests, "freed")

    deletions, request = ready(store, Again(), purge=purge)
    deletions.execute(by="bob", dry_run=False)

    digests = sorted(f"sha256:{run}{name}" for run, name in MADE)
    assert asked == [(digests, [True, False, False])]
    assert deletions.report(request)["execution"]["purged"] == dict.fromkeys(digests, "freed")


def test_a_store_that_cannot_forget_says_so(file: QueryStore) -> None:
    class Other:
        watermark = file.watermark

    with pytest.raises(UsageError, match="cannot forget"):
        Deletions(Lineage(Other()))  # type: ignore[arg-type]


def test_a_withdrawn_request_is_forgotten(store: QueryStore) -> None:
    deletions, request = ready(store, Again())

    deletions.withdraw(request, by="ann")

    assert store.kept() == {}
    assert deletions.requests(is_open=True) == []
    with pytest.raises(DeletionRefused):
        deletions.withdraw(request, by="ann")


@pytest.mark.parametrize(
    ("subjects", "reason", "error"),
    [
        ([], "ticket", UsageError),
        ("clients/zoe/*", "", UsageError),
        ("clients/zoe/*", "see clients/zoe/a.csv", UsageError),
        ("client=zoe", "the account of Zoe", UsageError),
        ("no-such.csv", "ticket", UnknownPointer),
        ("client=nobody", "ticket", UnknownPointer),
        ("no/*", "ticket", UnknownPointer),
    ],
)
def test_a_request_that_cannot_be_is_refused_and_leaves_nothing(
    file: QueryStore, subjects: str | list[str], reason: str, error: type[Exception]
) -> None:
    deletions = Deletions(Lineage(file))

    with pytest.raises(error):
        deletions.request(subjects, by="ann", reason=reason)

    assert deletions.requests() == []
    assert file.kept() == {}


def test_a_plan_is_executed_by_one_at_a_time(file: QueryStore) -> None:
    def nested(_: Task) -> None:
        with pytest.raises(ExecutionUnderWay):
            deletions.execute(by="eve", dry_run=False)
        with pytest.raises(ExecutionUnderWay):
            deletions.plan(by="eve")

    deletions, _ = ready(file, Again(nested))

    assert deletions.execute(by="bob", dry_run=False).status == "completed"


def test_who_was_taken_over_stops_at_the_next_step(file: QueryStore) -> None:
    def taken(task: Task) -> None:
        if task.component == "clean" and not begun:
            begun.append(task.id)
            other.append(deletions.execute(by="eve", dry_run=False, take_over=True).status)

    begun: list[str] = []
    other: list[str] = []
    deletions, _ = ready(file, Again(taken))

    with pytest.raises((ExecutionUnderWay, DeletionRefused)):
        deletions.execute(by="bob", dry_run=False)

    assert other == ["completed"]


def test_data_of_the_subject_that_comes_after_the_end_is_found(store: QueryStore) -> None:
    deletions, request = ready(store, Again())
    deletions.execute(by="bob", dry_run=False)
    store.record([ran("late", "clean", 90, [MINE], "late.csv")])

    found = deletions.verify(request)

    assert not found.is_done
    assert {one.do for one in found.remaining} == {"rebuild", "erase"}
