"""Hypothesis strategies for sets of facts that are small and nasty: few names, few instants, every kind of claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from headwater.graph.erasure import Erasure
from headwater.graph.facts import Annotation, ComponentFact, Fact, Input, Output, RunFact, Status, TriggerResult
from headwater.graph.values import JSON

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# One suite is inherited by many backends; how slow their databases are is not for hypothesis to judge.
ANY_BACKEND = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow]
)
NAMES = ("a", "b.csv", "m.joblib")
# What is erased: a name whose replacement has another type and is erased as well, and one whose replacement others use.
REPLACEMENTS = {"a": "gone.joblib", "gone.joblib": "far", "b.csv": "a"}
LABELS = (("client", "c1"), ("client", "c2"), ("k", "v"))
SALTS = ("00ff", "0123456789abcdef")
RUNS = tuple(f"r{n}" for n in range(6))
TARGETS = ("r1", "a@r0", "b.csv@r1", "a@external", "m.joblib@external:x", "gone.joblib@r0")
DIGESTS = ("x", "y")


def instants() -> st.SearchStrategy[datetime]:
    """Return seven instants a second apart: equal times must be common."""
    return st.integers(0, 6).map(lambda n: EPOCH + timedelta(seconds=n))


def inputs() -> st.SearchStrategy[Input]:
    """Return claims of every kind: bare, with a time, by digest, by state id, by external id; some with facets."""
    maker = st.sampled_from([*RUNS, "unknown", "external", "external:x"])
    names = some_names()
    times = st.none() | instants()
    return st.one_of(
        st.builds(Input, names, facets=facets(), labels=labels()),
        st.builds(Input, names, at=times),
        st.builds(Input, names, at=times, digest=st.sampled_from(DIGESTS)),
        st.builds(lambda name, run, at: Input(name, at=at, state=f"{name}@{run}"), names, maker, times),
    )


def outputs() -> st.SearchStrategy[Output]:
    """Return outputs with and without digest, type and facets."""
    types = st.sampled_from([None, None, "data", "endpoint"])
    return st.builds(Output, some_names(), st.sampled_from([None, *DIGESTS]), types, facets(), labels())


def some_names() -> st.SearchStrategy[str]:
    """Return one of few names, now and then one that stands for an erased one."""
    return st.sampled_from([*NAMES, *NAMES, "gone.joblib"])


def labels() -> st.SearchStrategy[dict[str, list[str]]]:
    """Return no labels of rows, or some."""
    clients = st.lists(st.sampled_from(["c1", "c2"]), min_size=1, max_size=2, unique=True)
    return st.just({}) | st.dictionaries(st.just("client"), clients, max_size=1)


def facets() -> st.SearchStrategy[dict[str, JSON]]:
    """Return no facets, or one of two: as a number, or as texts that databases may sort in different ways."""
    values: st.SearchStrategy[JSON] = st.sampled_from([1, 1.5, "\uffff", "\U00010000", {"k": [None, True]}])
    return st.dictionaries(st.sampled_from("fg"), values, max_size=1)


@st.composite
def run_facts(draw: st.DrawFn) -> RunFact:
    """Return one claim about one of six runs: starts, ends and statuses may be missing, late or contradictory."""
    started, ended = draw(st.none() | instants()), draw(st.none() | instants())
    if started is not None and ended is not None and ended < started:
        started, ended = ended, started
    statuses = [None, *Status] if ended is None else [None, Status.ABORTED, Status.FAILED, Status.COMPLETED]
    outcomes = st.builds(TriggerResult, st.sampled_from(["passed", "failed"]), st.sampled_from([None, "odd"]))
    return RunFact(
        id=draw(st.sampled_from(RUNS)),
        component=draw(st.sampled_from([None, "etl", "train"])),
        status=draw(st.sampled_from(statuses)),
        started_at=started,
        ended_at=ended,
        inputs=tuple(draw(st.lists(inputs(), max_size=3))),
        outputs=tuple(draw(st.lists(outputs(), max_size=2))),
        params=draw(st.dictionaries(st.sampled_from("pq"), st.integers(0, 2), max_size=2)),
        triggers=draw(st.dictionaries(st.just("t"), outcomes, max_size=1)),
        commit=draw(st.sampled_from([None, "c1", "c2"])),
        error=draw(st.sampled_from([None, "boom"])),
        facets=draw(facets()),
        at=draw(instants()),
    )


def marks() -> st.SearchStrategy[Annotation]:
    """Return flags and labels on states and runs that may exist, or not yet."""
    targets = st.sampled_from(TARGETS)
    flags = st.builds(
        Annotation, targets, st.just("flag"), st.booleans(), who=st.sampled_from([None, "ann"]), at=instants()
    )
    values = st.sampled_from([None, "v", "w"])
    labels = st.builds(Annotation, targets, st.just("label"), values, key=st.sampled_from("kl"), at=instants())
    return (
        flags | labels | st.builds(Annotation, targets, st.just("note"), st.just({"b": 1, "a": "odd"}), at=instants())
    )


def erasures() -> st.SearchStrategy[Erasure]:
    """Return erasures of payloads, names and labels, with and without the plain text, under two salts."""
    requests, salts = st.sampled_from(["d1", "d2"]), st.sampled_from(SALTS)
    payloads = st.builds(Erasure.of_payload, st.sampled_from(TARGETS), requests, instants())
    names = st.builds(
        lambda name, *rest: Erasure.of_name(name, REPLACEMENTS[name], *rest),
        st.sampled_from(sorted(REPLACEMENTS)),
        requests,
        salts,
        instants(),
    )
    labels = st.builds(
        lambda label, *rest: Erasure.of_label(*label, *rest), st.sampled_from(LABELS), requests, salts, instants()
    )
    known = payloads | names | labels
    return known | known.map(lambda erasure: replace(erasure, plain=None))


def component_facts() -> st.SearchStrategy[ComponentFact]:
    """Return descriptions of two components."""
    owners, tags = st.sampled_from([None, "ann", "bob"]), st.sampled_from([None, ("x", "y"), ()])
    ages = st.sampled_from([None, timedelta(days=1)])
    names = st.sampled_from(["etl", "lone", *RUNS[:2]])
    return st.builds(ComponentFact, names, owner=owners, tags=tags, max_age=ages, at=instants(), facets=facets())


def fact_sets(max_size: int = 14) -> st.SearchStrategy[list[Fact]]:
    """Return lists of facts, most of them about runs."""
    about_runs: list[st.SearchStrategy[Fact]] = [run_facts()] * 4
    kinds = [*about_runs, marks(), component_facts(), erasures()]
    return st.lists(st.one_of(*kinds), max_size=max_size)


@st.composite
def deliveries(draw: st.DrawFn, max_size: int = 14) -> tuple[list[Fact], list[list[Fact]]]:
    """Return a set of facts, and the same facts as a network gives them: repeated, shuffled, in batches."""
    facts = draw(fact_sets(max_size))
    sent = draw(st.permutations([*facts, *facts[: len(facts) // 2]]))
    batches: list[list[Fact]] = []
    while sent:
        size = draw(st.integers(1, 5))
        batches.append(list(sent[:size]))
        sent = sent[size:]
    return facts, batches
