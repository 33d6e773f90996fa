"""How often something may happen: a bucket a key, which fills at a constant rate."""

from __future__ import annotations

from collections import OrderedDict

from headwater import clock

_MOST_KEYS = 10_000


class Buckets:
    """Each key may `burst` at once and `per_s` times a second from then on; the keys used last are remembered."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def has_any(self, key: object) -> bool:
        """Return whether `take` would be allowed now."""
        return self._now(key) >= 1

    def take(self, key: object) -> bool:
        """Let it happen once, if it may."""
        left = self._now(key)
        is_allowed = left >= 1
        self._left[key] = (left - is_allowed, clock.monotonic_s())
        self._left.move_to_end(key)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return is_allowed

    def _now(self, key: object) -> float:
        now = clock.monotonic_s()
        left, at = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - at) * self._per_s)
