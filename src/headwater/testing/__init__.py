"""Shipped helpers for tests: the suite that every store must pass, and those of stores that keep more."""

import pytest

pytest.register_assert_rewrite(*(f"headwater.testing.{name}" for name in ("rules", "answers", "erasures", "scale")))
pytest.register_assert_rewrite("headwater.testing.metrics")

# After the lines that make their asserts speak.
from headwater.testing.conformance import DeletionConformance, StoreConformance  # noqa: E402
from headwater.testing.metrics import MetricConformance  # noqa: E402

__all__ = ["DeletionConformance", "MetricConformance", "StoreConformance"]
