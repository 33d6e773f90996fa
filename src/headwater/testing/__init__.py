"""Shipped helpers for tests: the suite that every store must pass, and that of stores that keep metrics."""

import pytest

pytest.register_assert_rewrite("headwater.testing.rules", "headwater.testing.answers", "headwater.testing.scale")
pytest.register_assert_rewrite("headwater.testing.metrics")

from headwater.testing.conformance import StoreConformance  # noqa: E402  # after the line that makes its asserts speak
from headwater.testing.metrics import MetricConformance  # noqa: E402

__all__ = ["MetricConformance", "StoreConformance"]
