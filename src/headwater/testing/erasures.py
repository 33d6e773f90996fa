"""What every store must forget: erasures as facts, the labels of rows, and the register and vault of deletions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Protocol, cast

import pytest

from headwater.errors import InvalidFact, InvalidValue, RegisterMoved
from headwater.graph import lineage
from headwater.graph.erasure import Erased, Erasure, pseudonym
from headwater.graph.facts import Annotation, FacetKey, Fact, Input, Output, RunFact, TriggerResult
from headwater.graph.model import Pointer
from headwater.graph.store import DeletionStore, Store
from headwater.testing.oracle import expected_digest
from headwater.testing.rules import Backend, at, ran, read_by

SALT = "00ff"
PROFILE = "clients/c42/profile.json"
GONE = "clients/erased-1/profile.json"
ERASED = Erased(at(9), "d1")


def named(name: str = PROFILE, replacement: str = GONE) -> Erasure:
    """Return the erasure of a name."""
    return Erasure.of_name(name, replacement, "d1", SALT, at(9))


class _RenamedMeanwhile:
    """A store in which somebody erases the name as soon as the first reference to it was resolved."""

    def __init__(self, store: Store) -> None:
        self._store, self._has_moved = store, False

    def resolve(self, reference: str, at: datetime | None = None) -> Pointer:
        found = self._store.resolve(reference, at)
        if not self._has_moved:
            self._has_moved = True
            self._store.record([named()])
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class ErasureRules:
    """An erasure is a fact: whatever it concerns is redacted, whether it came before or comes later."""

    backend: Backend

    def test_a_state_keeps_its_edges_and_loses_its_payload(self) -> None:
        store = self.backend.empty()
        made = Output("x", "d", facets={"rows": 7}, labels={"client": "c42"})
        store.record([ran("w", 0, 1, ["raw"], [made]), ran("reader", 2, 3, ["x"])])
        store.record([Annotation("x@w", "note", "odd", at=at(4)), Annotation("x@w", "flag", True, "", "ann", at=at(4))])
        store.record([Erasure.of_payload("x@w", "d1", at(9))])
        found = store.resolve("x")
        assert (found.erased, found.digest, found.flagged) == (ERASED, "d", True)
        assert store.facets(["w"]) == {}
        assert store.annotations(["x@w"]) == [Annotation("x@w", "flag", True, at=at(4))]
        assert lineage.trace(store, "x").nodes["x@w"].erased == ERASED
        assert set(lineage.impact(store, "raw").nodes) == {"raw@external", "w", "x@w", "reader"}

    def test_a_run_keeps_what_it_did_and_loses_with_what(self) -> None:
        store = self.backend.empty()
        trigger = TriggerResult("failed", "c42 has no age", ["c42"], 0.5)
        store.record([ran("w", 0, 1, [Input("x", facets={"rows": 7})], ["y"])])
        store.record([RunFact("w", params={"who": "c42"}, error="c42", triggers={"t": trigger}, commit="c", at=at(1))])
        store.record([Erasure.of_payload("w", "d1", at(9))])
        run = store.run("w").run
        assert (run.params, run.error, run.commit, run.erased) == ({}, None, "c", ERASED)
        assert run.triggers == {"t": {"outcome": "failed", "message": None, "value": None, "duration_s": 0.5}}
        assert store.facets(["w"]) == {}
        assert read_by(store, "w") == ["x@external"]

    def test_what_comes_after_an_erasure_is_redacted_as_well(self) -> None:
        store = self.backend.empty()
        store.record(
            [named(), Erasure.of_payload(f"{PROFILE}@w", "d1", at(9)), Erasure.of_payload("late", "d1", at(9))]
        )
        store.record([RunFact("late", params={"who": "c42"}, inputs=(Input(PROFILE),), started_at=at(4))])
        assert (store.run("late").run.params, read_by(store, "late")) == ({}, [f"{GONE}@external"])
        store.record([ran("w", 0, 1, outputs=[Output(PROFILE, facets={"rows": 7})])])
        assert (read_by(store, "late"), store.facets(["w"])) == ([f"{GONE}@w"], {})
        assert store.resolve(GONE).erased == ERASED

    def test_a_name_is_replaced_wherever_it_stands(self) -> None:
        store = self.backend.empty()
        facts: list[Fact] = [
            ran("w", 0, 1, outputs=[Output(PROFILE, "d", facets={"rows": 7})]),
            ran("by-id", 2, 3, [Input(PROFILE, state=f"{PROFILE}@unknown")]),
            ran("by-digest", 2, 3, [Input(PROFILE, digest="e", labels={"client": "c42"})]),
            Annotation(f"{PROFILE}@w", "label", "v", key="k", at=at(4)),
            Erasure.of_payload(f"{PROFILE}@later", "d0", at(8)),
        ]
        store.record(facts)
        store.record([named()])
        assert PROFILE not in "".join(map(repr, store.facts()))
        assert (read_by(store, "by-id"), read_by(store, "by-digest")) == ([f"{GONE}@unknown"], [f"{GONE}@external:e"])
        assert store.resolve(GONE).labels == {"k": "v"}
        assert FacetKey("output", "w", GONE, "rows") in store.facets(["w"])
        assert store.search("profile", 9) == [store.resolve(GONE)]
        assert store.digest() == expected_digest([*facts, named()])

    @pytest.mark.parametrize("limits", [lineage.UNLIMITED, lineage.Limits(nodes=9)])
    def test_a_walk_begins_again_when_its_start_is_renamed_meanwhile(self, limits: lineage.Limits) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, ["raw"], [Output(PROFILE, "d")])])
        found = lineage.trace(cast(Store, _RenamedMeanwhile(store)), "d", limits)
        assert (found, found.start) == (lineage.trace(store, "d", limits), (f"{GONE}@w",))

    def test_a_replacement_that_others_use_joins_with_them(self) -> None:
        store = self.backend.empty()
        facts = [
            ran("w", 0, 1, outputs=[PROFILE]),
            ran("v", 2, 3, [PROFILE], [GONE]),
            ran("reader", 4, 5, [PROFILE, GONE]),
        ]
        store.record(facts)
        store.record([named()])
        assert read_by(store, "reader") == [f"{GONE}@v"]
        assert store.stats()["consumed_by"] == 2
        assert store.digest() == expected_digest([*facts, named()])

    def test_a_replacement_may_be_erased_in_turn(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, outputs=[PROFILE])])
        store.record([named()])
        store.record([named(GONE, "gone"), Erasure.of_payload(f"{PROFILE}@w", "d1", at(9))])
        assert GONE not in "".join(map(repr, store.facts()))
        assert store.resolve("gone").erased == ERASED

    def test_a_label_is_dropped_from_rows_and_from_states(self) -> None:
        store = self.backend.empty()
        store.record([ran("w", 0, 1, [Input("x", labels={"client": ["c1", "c42"]})], ["y"])])
        store.record([Annotation("y@w", "label", "c1", key="client", at=at(2))])
        store.record([Annotation("y@w", "label", "c42", key="client", at=at(3))])
        store.record([Erasure.of_label("client", "c42", "d1", SALT, at(9))])
        assert list(store.facets(["w"])) == [FacetKey("label", "w", "x", '["client","c1"]')]
        assert store.resolve("y").labels == {"client": "c1"}

    def test_some_runs_are_told_with_the_erasures_of_their_payloads(self) -> None:
        store = self.backend.empty()
        payloads = [Erasure.of_payload(target, "d1", at(9)) for target in ("x@w", "v", "raw@external")]
        facts = [ran("w", 0, 1, ["raw"], ["x"]), ran("v", 2, 3, ["x"])]
        store.record([*facts, *payloads, Erasure.of_payload("elsewhere", "d1", at(9))])
        told = {fact for fact in store.facts(["w"]) if isinstance(fact, Erasure)}
        assert told == {payloads[0], payloads[2]}
        assert expected_digest(list(store.facts(["w", "v"]))) == store.digest()

    def test_the_plain_text_only_spares_the_search(self) -> None:
        facts = [ran("w", 0, 1, [Input("x", labels={"client": "c42"})], [PROFILE])]
        known = [named(), Erasure.of_label("client", "c42", "d1", SALT, at(9))]
        hidden = [Erasure("name", "d1", None, e.match, SALT, e.replacement, e.at) for e in known[:1]]
        hidden += [Erasure("label", "d1", None, known[1].match, SALT, None, known[1].at)]
        assert (hidden, [e.plain for e in hidden]) == (known, [None, None])
        digests = []
        for erasures in (known, hidden):
            store = self.backend.empty()
            store.record(facts)
            store.record(erasures)
            digests.append(store.digest())
        assert digests == [expected_digest([*facts, *known])] * 2

    def test_an_erasure_that_cannot_be_applied_is_refused(self) -> None:
        with pytest.raises(InvalidFact, match="another hash"):
            Erasure("name", "d1", None, "ab" * 32, SALT, "gone", plain="x")
        with pytest.raises(InvalidFact, match="of a payload has match"):
            Erasure("payload", "d1", match="ab")
        with pytest.raises(InvalidValue, match="salt 'pepper'"):
            Erasure("label", "d1", match="ab", salt="pepper")


class DeletionBackend(Protocol):
    """How the suite gets at a backend that keeps what deletions need beside the graph."""

    def empty(self) -> DeletionStore:
        """Return a store that holds nothing."""
        ...

    def again(self) -> DeletionStore:
        """Return another handle on what the last empty store now holds."""
        ...


def entry(digest: str) -> str:
    """Return an entry of the register."""
    return json.dumps({"digest": digest})


class DeletionRules:
    """What deletions ask of a store beside the graph: whose rows a run held, the register, the vault."""

    backend: DeletionBackend

    def test_labels_say_whose_rows_were_read_and_written(self) -> None:
        store = self.backend.empty()
        store.record(
            [ran("a", 0, 1, [Input("x", labels={"client": ["c1", "c2"]})], [Output("y", labels={"client": "c1"})])]
        )
        store.record([ran("b", 2, 3, [Input("y", labels={"region": "c1"})]), ran("c", 2, 3, ["y"])])
        c1, c2, region = ("client", "c1"), ("client", "c2"), ("region", "c1")
        assert store.labelled([c1, region]) == [("a", "x", c1), ("a", "y", c1), ("b", "y", region)]
        assert store.data_labels(["a", "b", "c"]) == {"a": {"x": {c1, c2}, "y": {c1}}, "b": {"y": {region}}}

    def test_the_register_takes_an_entry_behind_its_newest_one(self) -> None:
        store = self.backend.empty()
        store.enter("", entry("a"))
        store.enter("a", entry("b"))
        with pytest.raises(RegisterMoved, match="'b', not 'a'"):
            store.enter("a", entry("c"))
        with pytest.raises(InvalidValue, match="no digest"):
            store.enter("b", "{}")
        assert (list(store.register()), list(store.register(1))) == ([entry("a"), entry("b")], [entry("b")])

    def test_of_entries_that_race_one_is_taken(self) -> None:
        store = self.backend.empty()
        store.enter("", entry("first"))

        def won(digest: str) -> bool:
            with self.backend.again() as other:
                try:
                    other.enter("first", entry(digest))
                except RegisterMoved:
                    return False
                return True

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(won, "abcd")) == [False, False, False, True]
        assert len(list(store.register())) == 2

    def test_the_vault_keeps_texts_until_their_request_is_closed(self) -> None:
        store = self.backend.empty()
        digest = store.digest()
        for request, key, text in [
            ("d1", "subject", PROFILE),
            ("d1", "plan", "p"),
            ("d2", "plan", "q"),
            ("d1", "plan", "r"),
        ]:
            store.keep(request, key, text)
        assert store.kept("d1") == {("d1", "plan"): "r", ("d1", "subject"): PROFILE}
        assert len(store.kept()) == 3
        store.drop("d1")
        store.scrub()
        assert store.kept() == {("d2", "plan"): "q"}
        assert (store.digest(), list(store.facts())) == (digest, [])

    def test_a_store_makes_one_salt_and_keeps_it(self) -> None:
        store = self.backend.empty()
        store.record([named()])
        with ThreadPoolExecutor(4) as pool:
            salts: Sequence[str] = list(pool.map(lambda _: store.salt(), range(4)))
        assert len({*salts, store.salt()}) == 1
        assert salts[0] != SALT
        assert pseudonym(salts[0], "c42") == pseudonym(salts[1], "c42")

    def test_a_store_says_whether_anything_was_erased(self) -> None:
        store = self.backend.empty()
        assert not store.has_erasures()
        store.record([named()])
        assert store.has_erasures()
