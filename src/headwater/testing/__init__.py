"""Shipped helpers for tests: the suite that every store must pass."""

import pytest

pytest.register_assert_rewrite("headwater.testing.rules", "headwater.testing.answers", "headwater.testing.scale")

from headwater.testing.conformance import StoreConformance  # noqa: E402  # after the line that makes its asserts speak

__all__ = ["StoreConformance"]
