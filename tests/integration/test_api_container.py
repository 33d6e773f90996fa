"""The container of the service: what its image is made of exists, and it waits for a Neo4j that answers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from headwater.api.routes import ROUTERS
from headwater.settings import PREFIX, Settings


@pytest.fixture(scope="module")
def dockerfile(checkout: Path) -> str:
    return (checkout / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def service(checkout: Path) -> dict[str, Any]:
    document = yaml.safe_load((checkout / "docker-compose.yml").read_text(encoding="utf-8"))
    found = document["services"]["api"]
    assert isinstance(found, dict)
    return found


def test_the_service_waits_until_neo4j_answers_and_is_open_to_this_machine_only(service: dict[str, Any]) -> None:
    assert service["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert service["ports"] == ["127.0.0.1:8765:8765"]
    assert service["command"][:2] == ["--store", "bolt://neo4j:7687"]


def test_the_service_starts_only_when_it_is_asked_for(service: dict[str, Any]) -> None:
    assert service["profiles"] == ["api"]


def test_the_image_is_made_of_what_is_there(checkout: Path, dockerfile: str) -> None:
    sources = re.search(r"^COPY (?!--from)(.*) \./$", dockerfile, re.MULTILINE)
    assert sources is not None
    assert all((checkout / name).exists() for name in [*sources[1].split(), "src"])
    extras = re.search(r"'\.\[(.*)\]'", dockerfile)
    assert extras is not None
    known = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras[1].split(",")) <= known.keys()
    kept = {line.removeprefix("!") for line in (checkout / ".dockerignore").read_text().split() if line[0] == "!"}
    assert kept == {*sources[1].split(), "src"}


def test_the_variables_of_the_image_are_settings(dockerfile: str) -> None:
    used = set(re.findall(rf"\b{PREFIX}\w+", dockerfile))
    assert used <= {f"{PREFIX}{name}".upper() for name in Settings.model_fields}


def test_the_image_is_healthy_when_its_store_answers_and_does_not_run_as_root(dockerfile: str) -> None:
    address = re.search(r"urlopen\('http://127\.0\.0\.1:8765(/[\w/]+)'", dockerfile)
    assert address is not None
    paths = {getattr(route, "path", "") for router in ROUTERS for route in router.routes}
    assert address[1] in paths
    assert re.search(r"^USER (?!root)\w+$", dockerfile, re.MULTILINE)
