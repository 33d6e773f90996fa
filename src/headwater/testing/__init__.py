"""Shipped helpers for tests: the suite that every store must pass."""

import pytest

pytest.register_assert_rewrite(*(f"headwater.testing.{name}" for name in ("rules", "answers", "erasures", "scale")))

from headwater.testing.conformance import DeletionConformance, StoreConformance  # noqa: E402  # after the line that makes its asserts speak

__all__ = ["DeletionConformance", "StoreConformance"]
