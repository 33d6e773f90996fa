"""Where MLflow keeps its runs: which of its stores a source names, checked before MLflow may create anything there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from urllib.request import url2pathname

import sqlalchemy
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from headwater.errors import MissingExtra, SourceError, UsageError

_TABLES = frozenset({"alembic_version", "experiments", "runs", "metrics", "params", "tags"})
_HINT = "name a tracking directory (mlruns), a file mlflow.db, or a URI such as sqlite:///mlflow.db or http://host:5000"


@dataclass(frozen=True, slots=True)
class Directory:
    """A tracking directory of files."""

    path: Path

    @property
    def uri(self) -> str:
        """What MLflow calls it."""
        return self.path.absolute().as_uri()


@dataclass(frozen=True, slots=True)
class Database:
    """A tracking database; `path` is that of a SQLite file."""

    uri: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A tracking server, or another store that a plugin of MLflow knows."""

    uri: str


Place: TypeAlias = Directory | Database | Server


def place(source: str) -> Place:
    """Return which store a source names.

    Raises SourceError when it is none of MLflow's, UsageError for a URI with a password, MissingExtra without a driver.
    """
    scheme = urlsplit(source).scheme if "://" in source or source.startswith("file:") else ""
    if scheme in ("", "file"):
        return _local(Path(url2pathname(urlsplit(source).path)) if scheme else Path(source))
    if urlsplit(source).password is not None:
        hint = "leave it out: the database's client or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD give it"
        raise UsageError(f"the URI of {urlsplit(source).hostname!r} holds a password", hint=hint)
    kind = scheme.partition("+")[0]
    return _database(make_url(source)) if kind in ("sqlite", "postgresql", "mysql", "mssql") else Server(source)


def _local(path: Path) -> Place:
    if path.is_file():
        return _database(make_url(f"sqlite:///{path.absolute()}"))
    if not path.is_dir():
        raise SourceError(f"{str(path)!r} is neither a file nor a folder", hint=_HINT)
    if not any(path.glob("*/meta.yaml")):
        raise SourceError(f"the folder {str(path)!r} holds no experiment of MLflow", hint=_HINT)
    return Directory(path)


def _database(url: URL) -> Database:
    """Look at the tables first: MLflow would create its own in any database that has none."""
    file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
    if file is not None and not file.is_file():
        raise SourceError(f"{str(file)!r} is no file", hint=_HINT)
    try:
        engine = sqlalchemy.create_engine(url)
        try:
            tables = set(sqlalchemy.inspect(engine).get_table_names())
        finally:
            engine.dispose()
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{url} needs the package {exc.name}", hint="install the driver of that database") from exc
    except SQLAlchemyError as exc:
        raise SourceError(f"{url} cannot be read as a database of MLflow: {exc}") from exc
    if missing := sorted(_TABLES - tables):
        raise SourceError(f"{url} is no database of MLflow: it lacks the tables {', '.join(missing)}", hint=_HINT)
    return Database(url.render_as_string(hide_password=False), file)


@contextmanager
def environment(uri: str) -> Iterator[None]:
    """Let MLflow, which looks there by itself, read this store alone, give up on a dead server, and tell nobody."""
    ours = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri, "MLFLOW_ALLOW_FILE_STORE": "true"}
    wishes = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_DISABLE_TELEMETRY": "true"}
    before = {name: os.environ.get(name) for name in (*ours, *wishes)}
    os.environ.update(ours | {name: os.environ.get(name, value) for name, value in wishes.items()})
    try:
        yield
    finally:
        _restore(before)


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
