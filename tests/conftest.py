"""What every test shares: where the checkout is, and hypothesis without a clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.neo4j_fixtures"]

# A busy machine must not fail a property: neither an example nor its generation is timed.
settings.register_profile("thorough", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The inner loop takes seconds; `make test` asks for the thorough profile.
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=15)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout that holds these tests."""
    return Path(__file__).resolve().parents[1]
