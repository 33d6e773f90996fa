"""How things of a PROV document are called here, and how Headwater's own are called there. Knows no library."""

from __future__ import annotations

from urllib.parse import quote, unquote
from uuid import NAMESPACE_URL, uuid5

from headwater import ids
from headwater.graph.values import MAX_ID_BYTES

PREFIX = "headwater"
NAMESPACE = "urn:headwater:"
CLAIM = "claim"
_SCHEMES = ("http://", "https://")


def local_name(kind: str, text: str) -> str:
    """Return the name in Headwater's namespace, without its prefix, for a run, state, component or note."""
    return f"{kind}/{quote(text, safe='')}"


def is_own(iri: str) -> bool:
    """Say whether an IRI is one that an export of Headwater wrote: its claims say what it is."""
    return iri.startswith(NAMESPACE)


def own(iri: str, kind: str) -> str | None:
    """Return the text that `local_name` wrote into this IRI; None for another kind's and for all other IRIs."""
    start = f"{NAMESPACE}{kind}/"
    return unquote(iri[len(start) :]) if iri.startswith(start) else None


def pointer_name(iri: str) -> str:
    """Return the name of an entity: its IRI without http://, which would make it look like an endpoint."""
    state = own(iri, "state")
    if state is not None:
        parts = ids.split_state_id(state)
        return parts[0] if parts else state
    return without_scheme(iri)


def run_id(iri: str) -> str:
    """Return the id of an activity's run: its IRI without http://, or a UUID of it where that cannot be an id."""
    known = own(iri, "run")
    text = known if known is not None else without_scheme(iri).replace("@", "%40")
    if ids.is_external(text) or len(text.encode(errors="replace")) > MAX_ID_BYTES:
        return str(uuid5(NAMESPACE_URL, iri))
    return text


def without_scheme(iri: str) -> str:
    """Return the IRI without a leading http:// or https://."""
    scheme = next((scheme for scheme in _SCHEMES if iri.startswith(scheme) and iri != scheme), "")
    return iri[len(scheme) :]
