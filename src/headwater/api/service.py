"""What the routes share: the store with its questions, who asks, and what they are told by annotation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes

from headwater.api.failures import Forbidden
from headwater.api.metrics import Metrics
from headwater.api.openid import OpenID
from headwater.api.questions import Around, Questions, nothing_around
from headwater.api.tokens import Identity, Scope, TokenFolder
from headwater.errors import MissingExtra
from headwater.graph.lineage.face import Lineage
from headwater.settings import Settings

_WAITING = 128
_READY_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """One running service; `born` tells its entity tags from those of another store with the same watermark."""

    settings: Settings
    lineage: Lineage
    questions: Questions
    readiness: Questions
    tokens: TokenFolder
    openid: OpenID | None
    metrics: Metrics
    born: str = field(default_factory=lambda: secrets.token_hex(4))

    @classmethod
    def of(cls, settings: Settings, lineage: Lineage) -> Service:
        """Return a service on a store."""
        questions = Questions(settings.api_questions, _WAITING, settings.api_timeout_s, _around(settings))
        # Readiness has a place of its own: a full service is still alive.
        readiness = Questions(1, 4, min(_READY_TIMEOUT_S, settings.api_timeout_s))
        tokens, openid = TokenFolder(settings.api_tokens), OpenID(settings) if settings.api_oidc_issuer else None
        return cls(settings, lineage, questions, readiness, tokens, openid, Metrics(questions))


def _around(settings: Settings) -> Around:
    """Return what is done around each question: nothing, unless it is traced."""
    if not settings.api_traces:
        return nothing_around
    try:
        from headwater.api.tracing import in_a_span
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[otel]'") from exc
    return in_a_span


# Dependencies are coroutines though they wait for nothing: the framework would run functions in another thread each.
async def _service(request: Request) -> Service:
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


_bearer = HTTPBearer(auto_error=False, description="A token that `headwater tokens add` made.")


async def allowed(needed: SecurityScopes, request: Request, _: Annotated[object, Security(_bearer)] = None) -> Identity:
    """Return who asks, whom an outer layer has recognised; raise Forbidden without the scopes that a route needs."""
    who: Identity = request.scope["state"]["identity"]
    missing = [scope for scope in needed.scopes if not who.may(Scope(scope))]
    if missing:
        raise Forbidden(f"the token {who.name!r} has not the scope {missing[0]}")
    return who


InService: TypeAlias = Annotated[Service, Depends(_service)]
Known: TypeAlias = Annotated[Identity, Security(allowed)]
Reader: TypeAlias = Annotated[Identity, Security(allowed, scopes=[Scope.READ.value])]
Writer: TypeAlias = Annotated[Identity, Security(allowed, scopes=[Scope.WRITE.value])]
Flagger: TypeAlias = Annotated[Identity, Security(allowed, scopes=[Scope.FLAG.value])]
