"""The table of rules that says what becomes of each node: a TOML file, checked when it is read, first match wins."""

from __future__ import annotations

import hashlib
import re
import tomllib
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, cast, get_args

from headwater.errors import InvalidPolicy
from headwater.graph.values import canonical

VerdictKind: TypeAlias = Literal["delete", "regenerate", "unlearn", "protected", "quarantine", "keep", "undetermined"]
VERDICTS: tuple[VerdictKind, ...] = get_args(VerdictKind)
REBUILT: frozenset[VerdictKind] = frozenset({"regenerate", "unlearn", "protected"})
VERSION = 1

_DEFAULT = "the default policy"
_TEXTS = {"kind": ("state", "run"), "type": ("data", "model", "endpoint")}
_GLOBS = ("name", "component")
_PARTS = ("version", "rule", "names", "erase", "due")
_PROOFS = ({"claimed": True}, {"reached": False})


class Facts(NamedTuple):
    """What rules may ask about a node: of a state, or of a run.

    `subject`: to be forgotten itself. `source`: holds rows to be forgotten, and no run made it. `reached`: data of a
    subject flows in; `claimed`: only a component's claim says that none does. `live`: newest of its name, read by a
    running run, or labelled `pinned` or `registered`. `running`: it, or its maker, has not ended. `shards`, `unlearns`:
    what its component declares. `missing`: a fact without which nothing is sure. `blocked`: its maker cannot be rerun
    now. `rerun`: the plan reruns it. `erased`: its payload is
    gone already. `name` is a state's, `component` its maker's or its own.
    """

    kind: Literal["state", "run"]
    subject: bool = False
    source: bool = False
    reached: bool = True
    claimed: bool = False
    missing: bool = False
    type: str = ""
    live: bool = False
    newest: bool = False
    used: bool = False
    pinned: bool = False
    registered: bool = False
    running: bool = False
    shards: bool = False
    unlearns: bool = False
    blocked: bool = False
    rerun: bool = False
    erased: bool = False
    name: str = ""
    component: str = ""


_CONDITIONS = Facts._fields
_BLANK = {"name": "", "component": ""}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: where all of `when` hold, the verdict is given."""

    id: str
    when: Mapping[str, bool | str]
    verdict: VerdictKind

    def holds(self, facts: Facts) -> bool:
        """Whether the rule decides about a node."""
        return all(
            _pattern(str(wanted)).fullmatch(getattr(facts, key)) is not None
            if key in _GLOBS
            else getattr(facts, key) == wanted
            for key, wanted in self.when.items()
        )


@dataclass(frozen=True, slots=True)
class Term:
    """How long a law gives."""

    months: int = 0
    days: int = 0

    def after(self, at: datetime) -> datetime:
        """Return the same time that many months and days later; in a shorter month, on its last day."""
        months = at.month - 1 + self.months
        year, month = at.year + months // 12, months % 12 + 1
        day = min(at.day, monthrange(year, month)[1])
        return at.replace(year=year, month=month, day=day) + timedelta(days=self.days)


@dataclass(frozen=True)
class Policy:
    """The rules in order, which part of a name identifies, whose payload goes, and the terms of laws by name."""

    rules: tuple[Rule, ...]
    names: tuple[str, ...] = ()
    erases: Literal["near", "reached"] = "near"
    terms: Mapping[str, Term] = ()  # type: ignore[assignment]

    def judge(self, facts: Facts) -> Rule:
        """Return the first rule that holds; the last one always does."""
        return next(rule for rule in self.rules if rule.holds(facts))

    @cached_property
    def asks_names(self) -> bool:
        """Whether any rule looks at the name or the component."""
        return any(key in rule.when for rule in self.rules for key in _GLOBS)

    def identifying(self, name: str) -> str | None:
        """Return the part of a name that tells whose it is, None when no pattern fits."""
        found = (_pattern(pattern).fullmatch(name) for pattern in self.names)
        return next((match[1] for match in found if match), None)

    def renamed(self, name: str, replacement: str) -> str:
        """Return the name with the replacement in the place of its identifying part; as it is when it has none."""
        found = (_pattern(pattern).fullmatch(name) for pattern in self.names)
        match = next((match for match in found if match), None)
        return name if match is None else f"{name[: match.start(1)]}{replacement}{name[match.end(1) :]}"

    def due(self, received_at: datetime, law: str) -> datetime:
        """Return when a request must be done; raises InvalidPolicy for a law that the policy does not name."""
        if law not in self.terms:
            known = ", ".join(sorted(self.terms)) or "none"
            raise InvalidPolicy(f"the policy names no law {law!r}", hint=f"it names {known}; add a table [due.{law}]")
        return self.terms[law].after(received_at)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the policy means: comments, blanks and the order of keys do not count."""
        rules = [[rule.id, dict(rule.when), rule.verdict] for rule in self.rules]
        terms = {law: [term.months, term.days] for law, term in self.terms.items()}
        said = canonical([VERSION, rules, self.names, self.erases, terms])  # type: ignore[list-item]
        return hashlib.sha256(said.encode()).hexdigest()


def load_policy(path: Path | str | None = None) -> Policy:
    """Return the policy in a file, else the default one. Raises InvalidPolicy, naming file, rule and remedy."""
    where = _DEFAULT if path is None else str(path)
    source = files("headwater.deletion") / "policy.toml" if path is None else Path(path)
    try:
        document = tomllib.loads(source.read_text("utf-8"))
    except OSError as exc:
        raise InvalidPolicy(f"{where} cannot be read: {exc.strerror or exc}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidPolicy(f"{where} is no TOML: {exc}") from exc
    return _Reader(where).policy(document)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a policy's document; every refusal names the file."""

    where: str

    def policy(self, document: Mapping[str, Any]) -> Policy:
        version = document.get("version")
        if version != VERSION:
            self._refuse(f"has version {version!r}", f"write `version = {VERSION}`")
        self._only(document, _PARTS, "the file")
        rules = tuple(self._rule(place, item) for place, item in enumerate(self._tables(document, "rule"), 1))
        self._check(rules)
        erase = self._table(document, "erase")
        self._only(erase, ("runs",), "[erase]")
        runs = erase.get("runs", "near")
        if runs not in ("near", "reached"):
            self._refuse(f"erases the runs {runs!r}", 'write "near" or "reached"')
        return Policy(
            rules=rules,
            names=self._names(self._table(document, "names")),
            erases=runs,
            terms={law: self._term(law, said) for law, said in self._table(document, "due").items()},
        )

    def _check(self, rules: Sequence[Rule]) -> None:
        ids = [rule.id for rule in rules]
        if doubled := sorted({ident for ident in ids if ids.count(ident) > 1}):
            self._refuse(f"has several rules {doubled[0]!r}", "give each rule an id of its own")
        if not rules or rules[-1].when:
            self._refuse("has no rule for what no other one fits", "end it with a rule without `when`")
        if idle := [rule.id for rule in rules[:-1] if not rule.when]:
            self._refuse(f"has a rule {idle[0]!r} that fits everything, before others", "move it to the end")

    def _rule(self, place: int, item: Mapping[str, Any]) -> Rule:
        ident, verdict, when = item.get("id"), item.get("verdict"), item.get("when", {})
        if not isinstance(ident, str) or not ident:
            self._refuse(f"has no id at rule number {place}", "give the rule an id")
        self._only(item, ("id", "when", "verdict"), f"rule {ident!r}")
        if verdict not in VERDICTS:
            self._refuse(f"gives the verdict {verdict!r} by rule {ident!r}", f"use one of {', '.join(VERDICTS)}")
        if not isinstance(when, Mapping):
            self._refuse(f"has conditions that are no table in rule {ident!r}", "write `when = { live = true }`")
        for key, wanted in when.items():
            self._condition(str(ident), key, wanted)
        rule = Rule(str(ident), dict(when), cast(VerdictKind, verdict))
        self._check_keep(rule)
        return rule

    def _condition(self, ident: str, key: str, wanted: object) -> None:
        if key not in _CONDITIONS:
            self._refuse(f"asks for {key!r} in rule {ident!r}", f"the conditions are {', '.join(_CONDITIONS)}")
        if key in _TEXTS and wanted not in _TEXTS[key]:
            self._refuse(f"asks for {key} = {wanted!r} in rule {ident!r}", f"use one of {', '.join(_TEXTS[key])}")
        text = key in _TEXTS or key in _GLOBS
        if not isinstance(wanted, str if text else bool):
            remedy = "a text in quotes" if text else "true or false"
            self._refuse(f"asks for {key} = {wanted!r} in rule {ident!r}", f"write {remedy}")

    def _check_keep(self, rule: Rule) -> None:
        if rule.verdict == "keep" and not any(proof.items() <= rule.when.items() for proof in _PROOFS):
            self._refuse(
                f"keeps by rule {rule.id!r} what nothing proves to be free of the subject",
                "ask for `claimed = true` or `reached = false` as well, or give another verdict",
            )

    def _names(self, said: Mapping[str, Any]) -> tuple[str, ...]:
        self._only(said, ("identifying",), "[names]")
        patterns = said.get("identifying", [])
        for pattern in patterns if isinstance(patterns, list) else [patterns]:
            if not isinstance(patterns, list) or not isinstance(pattern, str) or pattern.count("(*)") != 1:
                remedy = 'give a list of patterns, each with one part that identifies: ["clients/(*)/*"]'
                self._refuse(f"has the name pattern {pattern!r}", remedy)
        return tuple(patterns)

    def _term(self, law: str, said: object) -> Term:
        if not isinstance(said, Mapping) or not said or not said.keys() <= {"months", "days"}:
            self._refuse(f"has no months or days in [due.{law}]", "write `months = 1` or `days = 45`")
        for value in said.values():  # type: ignore[attr-defined]
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                self._refuse(f"gives {value!r} in [due.{law}]", "write a whole number that is not negative")
        return Term(**said)  # type: ignore[arg-type]

    def _tables(self, document: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
        found = document.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            self._refuse(f"has a {key!r} that is no list of tables", f"write [[{key}]] above each")
        return found  # type: ignore[no-any-return]

    def _table(self, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = document.get(key, {})
        if not isinstance(found, dict):
            self._refuse(f"has a {key!r} that is no table", f"write [{key}] above it")
        return found  # type: ignore[no-any-return]

    def _only(self, found: Mapping[str, Any], known: Iterable[str], what: str) -> None:
        if unknown := sorted(found.keys() - set(known)):
            self._refuse(f"has an unknown key {unknown[0]!r} in {what}", f"the keys are {', '.join(known)}")

    def _refuse(self, what: str, remedy: str) -> None:
        raise InvalidPolicy(f"{self.where} {what}", hint=remedy)


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """Return a glob as a regular expression: `(*)` a part without a slash, `*` any text, `?` one character."""
    parts = {"(*)": "([^/]+)", "*": ".*", "?": "."}
    return re.compile(
        "".join(parts.get(part) or re.escape(part) for part in re.split(r"(\(\*\)|\*|\?)", glob)), re.DOTALL
    )
