"""What the environment says: HEADWATER_STORE and its siblings, read by the API and the command line only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from headwater.errors import UsageError

PREFIX = "HEADWATER_"


class Settings(BaseSettings):
    """The settings, frozen; an empty variable counts as unset, and secrets never show in a repr or a log.

    `token` is sent to a store that is a service, over http to another machine only with `plain_http`.
    `api_tokens` is the folder of the tokens' hashes, `api_origins` the web sites that may ask, `api_questions` how many
    questions run at once and `api_timeout_s` for how long, `api_rate` the requests of one token a second. `api_oidc_*`
    name who else issues tokens, for which audience, in which of their claims the scopes stand, and behind what prefix.
    `api_traces` is whether requests and questions are traced by OpenTelemetry. `forget` is the file of who reruns
    and deletes what.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    store: str = "sqlite:///.headwater/lineage.db"
    token: SecretStr | None = None
    plain_http: bool = False
    neo4j_user: str = "neo4j"
    neo4j_password: SecretStr | None = None
    neo4j_database: str = "neo4j"
    artifacts: str | None = None
    api_tokens: Path = Path(".headwater/tokens")
    api_origins: Annotated[tuple[str, ...], NoDecode] = ()
    api_timeout_s: PositiveFloat = 30.0
    api_questions: PositiveInt = 16
    api_rate: PositiveFloat = 500.0
    api_body_bytes: PositiveInt = 16 << 20
    api_traces: bool = False
    api_oidc_issuer: str | None = None
    api_oidc_audience: str | None = None
    api_oidc_claim: str = "scope"
    api_oidc_prefix: str = "headwater:"
    forget: Path | None = None
    disabled: bool = False

    @field_validator("api_origins", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def load_settings() -> Settings:
    """Return the settings of the environment; raise UsageError naming the variable that cannot be read."""
    try:
        return Settings()
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_context=False)[0]
        variable = f"{PREFIX}{fault['loc'][0]}".upper()
        raise UsageError(
            f"{variable}={fault['input']!r} cannot be read: {fault['msg']}",
            hint=f"correct {variable}, or unset it for the default",
        ) from None
