"""The one home of identity: new run ids, and how a state's id is built from a name and its producer.

A state's id is `name@run`, or `name@external`, or `name@external:digest`. Names may hold any character, so ids are
read from the right: run ids and digests never hold an `@`.
"""

from __future__ import annotations

EXTERNAL = "external"


def new_run_id() -> str:
    """Return a UUIDv7 (RFC 9562).

    36 characters that sort by time, and the form that OpenLineage recommends for runs.
    """
    from uuid_utils import uuid7

    return str(uuid7())


def state_id(name: str, run: str) -> str:
    """Return the id of the state of `name` that the run `run` made."""
    return f"{name}@{run}"


def external_id(name: str, digest: str | None = None) -> str:
    """Return the id of the state of `name` that no recorded run made, or of the one with that content digest."""
    return f"{name}@{EXTERNAL}" if digest is None else f"{name}@{EXTERNAL}:{digest}"


def split_state_id(state: str) -> tuple[str, str] | None:
    """Return (name, maker) of a state id, or None when it has no `@`.

    The maker is a run id or begins with `external`.
    """
    name, at, maker = state.rpartition("@")
    return (name, maker) if at else None


def is_external(maker: str) -> bool:
    """Say whether the part of a state id behind the last `@` marks data that no recorded run made."""
    return maker == EXTERNAL or maker.startswith(f"{EXTERNAL}:")
