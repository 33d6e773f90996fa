"""What writers claim: runs, components, annotations and erasures. The graph depends on the set of these facts alone.

A fact is checked when it is made; one that exists can be recorded. Facts of one run accumulate, in any order and
number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePath
from typing import Literal, NamedTuple, TypeAlias

from headwater import clock
from headwater.errors import EndBeforeStart, InvalidFact, InvalidName, InvalidValue
from headwater.graph.erasure import Erasure, label_text
from headwater.graph.values import JSON, canonical, check_digest, check_name, check_run_id, check_text, comparable
from headwater.ids import split_state_id


class Status(StrEnum):
    """How far a run has come; facts of one run unite to the greatest: running < aborted < failed < completed."""

    RUNNING = "running"
    ABORTED = "aborted"
    FAILED = "failed"
    COMPLETED = "completed"

    @property
    def rank(self) -> int:
        """Place in the order in which later knowledge wins."""
        return _RANKS[self]


_RANKS = {status: rank for rank, status in enumerate(Status)}

PointerType: TypeAlias = Literal["data", "model", "endpoint"]
_MODEL_SUFFIXES = (
    *(".joblib", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".hdf5", ".keras", ".safetensors"),
    *(".pmml", ".gguf", ".tflite", ".ubj", ".mlmodel", ".cbm"),
)
_ENDPOINT_SCHEMES = ("http://", "https://", "grpc://", "ws://", "wss://")


def infer_type(name: str) -> PointerType:
    """Return the pointer type that a name suggests.

    A model by its file extension, an endpoint by its scheme, else data.
    """
    if name.startswith(_ENDPOINT_SCHEMES):
        return "endpoint"
    return "model" if name.lower().endswith(_MODEL_SUFFIXES) else "data"


Labels: TypeAlias = Mapping[str, "str | Collection[str]"]


@dataclass(frozen=True, slots=True)
class Input:
    """A run read `name`.

    At the run's start or at its own time `at`, or exactly the state with this content `digest` or id `state`.
    `facets` is what else the run saw of it. `labels` says whose rows it read: `{"client": ["c41", "c42"]}`.
    """

    name: str
    at: datetime | None = None
    digest: str | None = None
    state: str | None = None
    facets: Mapping[str, JSON] = field(default_factory=dict, compare=False)
    labels: Labels = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.labels:
            object.__setattr__(self, "labels", _labels(self.labels))
        if self.at is not None:
            object.__setattr__(self, "at", clock.as_utc(self.at, f"input {self.name!r} at"))
        if self.digest is not None:
            check_digest(self.digest)
        if self.state is not None:
            self._check_state(self.state)

    def _check_state(self, state: str) -> None:
        if self.digest is not None:
            raise InvalidFact(f"input {self.name!r} names both a state and a digest", hint="name one of them")
        parts = split_state_id(state)
        if parts is None or parts[0] != self.name or not parts[1]:
            raise InvalidName(f"{state!r} is not a state of {self.name!r}", hint=f"use {self.name}@RUN")
        if not parts[1].startswith("external"):
            check_run_id(parts[1])


@dataclass(frozen=True, slots=True)
class Output:
    """A run wrote `name`; `digest` is that of the content, `type` overrules what the name suggests.

    `facets` is what else is known of it. `labels` says whose rows it wrote: `{"client": ["c41", "c42"]}`.
    """

    name: str
    digest: str | None = None
    type: PointerType | None = None
    facets: Mapping[str, JSON] = field(default_factory=dict, compare=False)
    labels: Labels = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.labels:
            object.__setattr__(self, "labels", _labels(self.labels))
        if self.digest is not None:
            check_digest(self.digest)
        if self.type not in (None, "data", "model", "endpoint"):
            raise InvalidValue(f"type {self.type!r} of output {self.name!r}", hint="use data, model or endpoint")


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """What one trigger of a run found; `duration_s` in seconds."""

    outcome: Literal["passed", "failed", "error"]
    message: str | None = None
    value: JSON = None
    duration_s: float | None = None

    def __post_init__(self) -> None:
        if self.outcome not in ("passed", "failed", "error"):
            raise InvalidValue(f"trigger outcome {self.outcome!r}", hint="use passed, failed or error")

    def to_dict(self) -> dict[str, JSON]:
        """Return the JSON document that stores keep."""
        return {"outcome": self.outcome, "message": self.message, "value": self.value, "duration_s": self.duration_s}

    def to_text(self, what: str = "trigger") -> str:
        """Return the document as text, by which one of two results of one time wins.

        What an erasure leaves stands first, so that the same one wins before and after it.
        """
        left = canonical({"duration_s": self.duration_s, "outcome": self.outcome}, what)
        told = canonical({"message": self.message, "value": self.value}, what)
        return f"{left[:-1]},{told[1:]}"

    def blank(self) -> TriggerResult:
        """Return what an erasure leaves of it."""
        return TriggerResult(self.outcome, duration_s=self.duration_s)


NameLike: TypeAlias = "str | PurePath"
FacetSubject: TypeAlias = Literal["run", "input", "output", "component", "label"]


class FacetKey(NamedTuple):
    """Which facet: of what, the run's id or component's name, the input's or output's name, the facet's own name.

    A label of data is one too: its own name is the label's text, its value is true.
    """

    subject: FacetSubject
    owner: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class RunFact:
    """One claim about one run.

    Inputs, outputs, params, triggers and facets of all its facts unite; `at` is the claim's own time. Facets are
    properties that Headwater keeps and gives back but does not interpret.

    `at` decides between two values of a single-valued field (the later wins, ties by value); it defaults to
    `ended_at`, else `started_at`, else now. A fact with an end and no status claims `completed`.
    """

    id: str
    component: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    params: Mapping[str, JSON] = field(default_factory=dict)
    triggers: Mapping[str, TriggerResult] = field(default_factory=dict)
    commit: str | None = None
    source: str | None = None
    error: str | None = None
    at: datetime = None  # type: ignore[assignment]  # None is resolved in __post_init__
    facets: Mapping[str, JSON] = field(default_factory=dict)
    registers: Mapping[tuple[str, str], str] = field(init=False, repr=False, compare=False)
    kept: Mapping[FacetKey, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_run_id(self.id)
        put = object.__setattr__
        put(self, "inputs", tuple(as_input(i) for i in self.inputs))
        put(self, "outputs", tuple(as_output(o) for o in self.outputs))
        self._settle_times()
        put(self, "registers", self._registers())
        put(self, "kept", self._kept())

    def _settle_times(self) -> None:
        put = object.__setattr__
        for name in ("started_at", "ended_at", "at"):
            if (value := getattr(self, name)) is not None:
                put(self, name, clock.as_utc(value, name))
        if self.status is not None:
            put(self, "status", _status(self.status))
        if self.ended_at is not None:
            if self.started_at is not None and self.ended_at < self.started_at:
                raise EndBeforeStart(f"run {self.id!r} ends at {self.ended_at} before it starts at {self.started_at}")
            if self.status is Status.RUNNING:
                raise InvalidFact(
                    f"run {self.id!r} is running and has an end", hint="drop ended_at, or give its last status"
                )
            put(self, "status", self.status or Status.COMPLETED)
        if self.at is None:
            put(self, "at", self.ended_at or self.started_at or clock.now())

    def _registers(self) -> dict[tuple[str, str], str]:
        """Each single-valued field as canonical JSON text, by (section, key)."""
        found: dict[tuple[str, str], str] = {}
        for name in ("component", "commit", "source", "error"):
            if (value := getattr(self, name)) is not None:
                check_name(value, name) if name == "component" else check_text(value, name)
                found["run", name] = canonical(value, name)
        for key, param in self.params.items():
            found["params", check_name(key, "param")] = canonical(param, f"param {key!r}")
        for key, result in self.triggers.items():
            found["triggers", check_name(key, "trigger")] = result.to_text(f"trigger {key!r}")
        return found

    def _kept(self) -> dict[FacetKey, str]:
        """Each facet of the run, each facet and label of its inputs and outputs, as canonical JSON text."""
        found: dict[FacetKey, str] = {}
        _keep(found, "run", self.id, "", self.facets)
        for claim in self.inputs:
            _keep(found, "input", self.id, claim.name, claim.facets)
            _keep_labels(found, self.id, claim)
        for output in self.outputs:
            _keep(found, "output", self.id, output.name, output.facets)
            _keep_labels(found, self.id, output)
        return found


@dataclass(frozen=True, slots=True)
class ComponentFact:
    """What is said of a component; each field given wins by `at`.

    `max_age`: how old an input may be before runs are stale.
    """

    name: str
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] | None = None
    max_age: timedelta | None = None
    at: datetime = field(default_factory=clock.now)
    facets: Mapping[str, JSON] = field(default_factory=dict)
    kept: Mapping[FacetKey, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.name, "component")
        for text in (self.description, self.owner, *(self.tags or ())):
            if text is not None:
                check_text(text, f"component {self.name!r}")
        object.__setattr__(self, "at", clock.as_utc(self.at, "at"))
        if self.tags is not None:
            object.__setattr__(self, "tags", tuple(sorted(set(self.tags))))
        kept: dict[FacetKey, str] = {}
        _keep(kept, "component", self.name, "", self.facets)
        object.__setattr__(self, "kept", kept)

    @property
    def registers(self) -> dict[tuple[str, str], str]:
        """Each field given as canonical JSON text, by (section, key)."""
        age = None if self.max_age is None else self.max_age // timedelta(microseconds=1)
        given = {"description": self.description, "owner": self.owner, "tags": self.tags, "max_age_us": age}
        return {("component", key): canonical(value) for key, value in given.items() if value is not None}


def deletion_facet(
    aggregates: str | None = None, anonymises: str | None = None, shards: int | None = None, unlearns: str | None = None
) -> dict[str, JSON]:
    """Return the facet by which a component says what becomes in it of the rows of one person.

    `aggregates` and `anonymises` give the reason why they do not reach its outputs, `shards` in how many parts its
    model is trained, of which one is trained anew without them (SISA), `unlearns` how it forgets them in place.
    """
    given = {"aggregates": aggregates, "anonymises": anonymises, "unlearns": unlearns}
    for key, text in given.items():
        if text is not None and not check_text(text, key).strip():
            raise InvalidValue(f"{key} is empty", hint="give the reason")
    if shards is not None and (type(shards) is not int or shards < 1):
        raise InvalidValue(f"shards {shards!r}", hint="give the number of parts")
    said: dict[str, JSON] = {key: value for key, value in {**given, "shards": shards}.items() if value is not None}
    return {"deletion": said} if said else {}


AnnotationKind: TypeAlias = Literal["flag", "label", "note"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A flag (value true or false), a label (key, text or None) or a note (text) that somebody put on a state or run.

    All are kept; of those with one target, kind and key the latest `at` counts, ties by value.
    """

    target: str
    kind: AnnotationKind
    value: JSON
    key: str = ""
    who: str | None = None
    why: str | None = None
    at: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        if not self.target or not isinstance(self.target, str):
            raise InvalidName(f"target {self.target!r} of a {self.kind} is empty or not text")
        if self.kind not in ("flag", "label", "note"):
            raise InvalidValue(f"annotation kind {self.kind!r}", hint="use flag, label or note")
        if self.kind == "flag" and not isinstance(self.value, bool):
            raise InvalidValue(f"flag value {self.value!r}", hint="use True to flag and False to clear")
        if self.kind == "label":
            check_name(self.key, "label key")
        canonical([self.target, self.value, self.key, self.who, self.why], f"{self.kind} of {self.target!r}")
        object.__setattr__(self, "at", clock.as_utc(self.at, "at"))


Fact: TypeAlias = RunFact | ComponentFact | Annotation | Erasure


def as_input(value: Input | NameLike) -> Input:
    """Return an Input from a name, a path or an Input."""
    return value if isinstance(value, Input) else Input(_name(value))


def as_output(value: Output | NameLike) -> Output:
    """Return an Output from a name, a path or an Output."""
    return value if isinstance(value, Output) else Output(_name(value))


def check_facts(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts as a list; raise InvalidFact naming the first thing among them that is none."""
    found = list(facts)
    for index, fact in enumerate(found):
        if not isinstance(fact, (RunFact, ComponentFact, Annotation, Erasure)):
            hint = "pass RunFact, ComponentFact, Annotation or Erasure"
            raise InvalidFact(f"item {index} is {type(fact).__name__}, not a fact", hint=hint)
    return found


def _keep(found: dict[FacetKey, str], subject: FacetSubject, owner: str, name: str, facets: Mapping[str, JSON]) -> None:
    """Add facets as canonical JSON text; of two values of one facet the greater counts, as between facts."""
    for key, value in facets.items():
        place, text = FacetKey(subject, owner, name, check_name(key, "facet")), canonical(value, f"facet {key!r}")
        found[place] = max(comparable(text), found.get(place, ""))


def _keep_labels(found: dict[FacetKey, str], run: str, claim: Input | Output) -> None:
    """Add the labels of an input or output, each as a facet whose own name is the label's text."""
    for key, values in claim.labels.items():
        for value in values:
            found[FacetKey("label", run, claim.name, check_name(label_text(key, value), "label"))] = "true"


def _labels(labels: Labels) -> Labels:
    """Return the labels with the values of each key as a sorted tuple; raise InvalidValue for what is no text."""
    if not isinstance(labels, Mapping):
        raise InvalidValue(f"labels are {type(labels).__name__}", hint='give a mapping: {"client": "c42"}')
    found = {}
    for key, said in labels.items():
        values = (said,) if isinstance(said, str) else said
        if not isinstance(values, Collection) or isinstance(values, (bytes, Mapping)):
            raise InvalidValue(f"label {key!r} is {type(said).__name__}", hint="give a text, or a list of texts")
        found[check_name(key, "label key")] = tuple(sorted({check_name(value, f"label {key!r}") for value in values}))
    return {key: found[key] for key in sorted(found) if found[key]}


def _name(value: NameLike) -> str:
    return value.as_posix() if isinstance(value, PurePath) else value


def _status(value: str) -> Status:
    try:
        return Status(value)
    except ValueError as exc:
        raise InvalidValue(f"status {value!r}", hint="use running, aborted, failed or completed") from exc
