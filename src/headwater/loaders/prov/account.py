"""All that a PROV document says, gathered by what it says it of; independent of the order of its records."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from prov.constants import PROV_N_MAP
from prov.identifier import Identifier
from prov.model import Literal, ProvDocument, ProvRecord

from headwater import clock
from headwater.graph.values import JSON, canonical
from headwater.loaders.prov.names import CLAIM, NAMESPACE, is_own, run_id, without_scheme

Facets: TypeAlias = Mapping[str, list[JSON]]
Args: TypeAlias = Sequence[Any]
_CLAIM = NAMESPACE + CLAIM


def _facets() -> defaultdict[str, list[JSON]]:
    return defaultdict(list)


@dataclass(slots=True)
class Deed:
    """One activity: what it used and generated, by IRI; not `is_stated` when only the effect of it is known."""

    iri: str
    run: str
    is_stated: bool = True
    plans: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    known: set[datetime] = field(default_factory=set)
    uses: dict[str, set[datetime]] = field(default_factory=dict)
    generated: set[str] = field(default_factory=set)
    told: defaultdict[str, defaultdict[str, list[JSON]]] = field(default_factory=lambda: defaultdict(_facets))


@dataclass(slots=True)
class Account:
    """The activities by IRI, what is kept of each thing, and the relations that wait for all of them."""

    zone: tzinfo
    deeds: dict[str, Deed] = field(default_factory=dict)
    kept: defaultdict[str, defaultdict[str, list[JSON]]] = field(default_factory=lambda: defaultdict(_facets))
    derivations: list[tuple[str, str, str | None]] = field(default_factory=list)
    communications: list[tuple[str, str]] = field(default_factory=list)
    generations_by_nobody: list[tuple[str, datetime | None]] = field(default_factory=list)
    claims: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    contradictions: list[tuple[str, str]] = field(default_factory=list)
    naive_times: int = 0
    _makers: defaultdict[str, dict[str, Deed]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def of(cls, document: ProvDocument, zone: tzinfo) -> Account:
        """Gather what the document and its bundles say; times without a zone are read in `zone`."""
        account = cls(zone)
        for bundle in (document, *document.bundles):
            place = None if bundle is document else str(bundle.identifier)
            for record in bundle.get_records():
                account.add(record, place)
        return account

    def deed(self, iri: str) -> Deed:
        """Return the activity of this IRI, made when it is new."""
        return self.deeds.setdefault(iri, Deed(iri, run_id(iri)))

    def unstated(self, relation: str, entity: str) -> Deed:
        """Return what stands for the activity behind a relation that names none: one for each entity."""
        iri = f"{relation} {entity}"
        made = Deed(iri, str(uuid5(NAMESPACE_URL, iri)), is_stated=False, types={relation})
        return self.deeds.setdefault(iri, made)

    def makers(self, entity: str) -> list[Deed]:
        """Return the activities that generated the entity."""
        return [deed for _, deed in sorted(self._makers.get(entity, {}).items())]

    def use(self, deed: Deed, entity: str, at: datetime | None = None) -> None:
        """Say that the activity used the entity."""
        times = self._at(at)
        deed.uses.setdefault(entity, set()).update(times)
        deed.known |= times

    def generate(self, deed: Deed, entity: str, at: datetime | None = None) -> None:
        """Say that the activity generated the entity."""
        deed.generated.add(entity)
        deed.known |= self._at(at)
        self._makers[entity][deed.iri] = deed

    def add(self, record: ProvRecord, bundle: str | None) -> None:
        """Take in one record, of this bundle or of none."""
        what = PROV_N_MAP[record.get_type()]
        path = f"{what} {record.identifier or ''}".strip()
        if claims := [text for name, text in record.extra_attributes if name.uri == _CLAIM]:
            self.claims.extend((path, str(text)) for text in claims)
            return
        args = [arg.uri if isinstance(arg, Identifier) else arg for arg in record.args]
        if record.is_element() and record.identifier is not None and is_own(record.identifier.uri):
            return
        if record.is_element():
            self._add_thing(record, what, args, bundle)
        elif not args[0]:
            self.doubts.append((path, f"{what} does not say of what"))
        else:
            _RELATIONS.get(what, Account._keep)(self, record, what, args)
            if bundle is not None:
                self.kept[args[0]]["prov:bundle"].append(bundle)

    def _add_thing(self, record: ProvRecord, what: str, args: Args, bundle: str | None) -> None:
        assert record.identifier is not None
        iri = record.identifier.uri
        for name, value in record.extra_attributes:
            self.kept[iri][str(name)].append(json_value(value))
        self.kept[iri].update({} if bundle is None else {"prov:bundle": [*self.kept[iri]["prov:bundle"], bundle]})
        if what == "activity":
            deed = self.deed(iri)
            deed.types |= {_text(value) for name, value in record.extra_attributes if str(name) == "prov:type"}
            deed.started_at = min((*self._at(args[0]), *_given(deed.started_at)), default=None)
            deed.ended_at = max((*self._at(args[1]), *_given(deed.ended_at)), default=None)

    def _used(self, record: ProvRecord, what: str, args: Args) -> None:
        activity, entity, at = args
        if entity is None:
            self.doubts.append((what, f"{activity} used something that has no name"))
            return
        self.use(self.deed(activity), entity, at)
        self._tell(self.deed(activity), entity, record)

    def _generated(self, record: ProvRecord, _: str, args: Args) -> None:
        entity, activity, at = args
        if activity is None:
            self.generations_by_nobody.append((entity, at))
            return
        self.generate(self.deed(activity), entity, at)
        self._tell(self.deed(activity), entity, record)

    def _derived(self, record: ProvRecord, what: str, args: Args) -> None:
        later, earlier, activity, *_ = args
        if earlier is None:
            self.doubts.append((what, f"{later} was derived from something that has no name"))
            return
        self.derivations.append((later, earlier, activity))
        if record.extra_attributes:
            self._keep(record, what, args)

    def _informed(self, record: ProvRecord, what: str, args: Args) -> None:
        if args[1] is None:
            self.doubts.append((what, f"{args[0]} was informed by something that has no name"))
            return
        self.communications.append((args[0], args[1]))
        if record.extra_attributes:
            self._keep(record, what, args)

    def _associated(self, record: ProvRecord, what: str, args: Args) -> None:
        if is_own(args[0]):
            return
        deed = self.deed(args[0])
        deed.plans |= {without_scheme(plan) for plan in args[2:] if plan is not None}
        self._keep(record, what, args)

    def _keep(self, record: ProvRecord, what: str, args: Args) -> None:
        """Keep a relation that is no flow of data beside the first thing that it names."""
        names = [name.localpart for name in record.FORMAL_ATTRIBUTES]
        said: dict[str, JSON] = {
            name: json_value(arg) for name, arg in zip(names[1:], args[1:], strict=True) if arg is not None
        }
        self.kept[args[0]][f"prov:{what}"].append({**said, **_extra(record)})

    def _tell(self, deed: Deed, entity: str, record: ProvRecord) -> None:
        for key, value in _extra(record).items():
            deed.told[entity][key].append(value)

    def _at(self, at: datetime | None) -> set[datetime]:
        if at is None:
            return set()
        self.naive_times += at.utcoffset() is None
        return {clock.as_utc(at.replace(tzinfo=self.zone) if at.utcoffset() is None else at)}


_RELATIONS: Mapping[str, Callable[[Account, ProvRecord, str, Args], None]] = {
    "used": Account._used,
    "wasGeneratedBy": Account._generated,
    "wasDerivedFrom": Account._derived,
    "wasInformedBy": Account._informed,
    "wasAssociatedWith": Account._associated,
}


def json_value(value: object) -> JSON:
    """Return an attribute's value as JSON; what JSON has no type for says its type beside it, as in PROV-JSON."""
    if isinstance(value, Literal):
        about = {"lang": value.langtag} if value.langtag else {"type": str(value.datatype)}
        return {"$": str(value.value), **about}
    if isinstance(value, Identifier):
        return value.uri
    if isinstance(value, datetime):
        return {"$": value.isoformat(), "type": "xsd:dateTime"}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$": str(value), "type": "xsd:double"}
    return value if isinstance(value, (bool, int, float)) else str(value)


def _text(value: object) -> str:
    text = value.value if isinstance(value, Literal) else value.uri if isinstance(value, Identifier) else value
    return without_scheme(str(text)) or str(value)


def _extra(record: ProvRecord) -> dict[str, JSON]:
    found: dict[str, JSON] = {} if record.identifier is None else {"prov:id": record.identifier.uri}
    several = _facets()
    for name, value in record.extra_attributes:
        several[str(name)].append(json_value(value))
    return {**found, **plain(several)}


def plain(facets: Facets) -> dict[str, JSON]:
    """Return one JSON value a key: the value said, or the sorted list of several."""
    found: dict[str, JSON] = {}
    for key, values in facets.items():
        by_text = {canonical(value): value for value in values}
        found[key] = [by_text[text] for text in sorted(by_text)] if len(by_text) > 1 else next(iter(by_text.values()))
    return found


def _given(at: datetime | None) -> tuple[datetime, ...]:
    return () if at is None else (at,)
