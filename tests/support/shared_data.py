"""The public data sets that stand beside the checkout, at ../shared/data.

Their tests say aloud when they are absent.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def shared_data(relative: str) -> Path:
    """Return the path of a shared data file or folder; skip the test, naming what is missing, when it is not there."""
    path = SHARED_DATA / relative
    if not path.exists():
        pytest.skip(f"public data set absent: ../shared/data/{relative}")
    return path
