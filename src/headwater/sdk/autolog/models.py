"""Models of scikit-learn that one run has fitted and used.

A fitted model is an output named COMPONENT/CLASS, unless `pointer` or a variable names it; a model that was fitted
before the run is an input, named as this process wrote it, or as the store knows its content.
"""

from __future__ import annotations

import weakref
from collections import Counter
from typing import Any

from headwater import clock
from headwater.sdk.claims import Claim, Named, captured, names
from headwater.sdk.content import digest_of
from headwater.sdk.run import RunLog


class Models:
    """What a run does with models. They are not kept alive, but for the last one of each class that it fitted."""

    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._seen: dict[int, weakref.ref[Any]] = {}
        self._fitted: dict[int, weakref.ref[Any]] = {}
        self._last: dict[type, object] = {}
        self._used: list[Claim] = []

    def fit(self, model: object, *, goes_on: bool) -> None:
        """Take that a model is about to be fitted, from where it stands if `goes_on`."""
        if goes_on:
            self.use(model)
        if not _holds(self._fitted, model):
            self._fitted.pop(id(model), None)  # another model that is gone, and came earlier
            self._fitted[id(model)] = self._seen[id(model)] = weakref.ref(model)
        self._last[type(model)] = model

    def use(self, model: object) -> None:
        """Take that a model is about to be used: it is read, unless this run has fitted it."""
        if _holds(self._seen, model) or not _is_fitted(model):
            return
        self._seen[id(model)] = weakref.ref(model)
        content = digest_of(model)
        known = self._run.name_of(model) or names.of(model) or names.written_as(content.digest or "")
        named = known or Named(type(model).__name__)
        facets = {} if content.digest else {"undigested": content.reason}
        self._used.append(Claim(named.name, content.digest, at=clock.now(), facets=facets, is_guess=known is None))

    def used(self, *, are_from_files: bool) -> list[Claim]:
        """Return the claims about what was used; without those of unknown origin that must come from a file."""
        return [claim for claim in self._used if not (claim.is_guess and are_from_files)]

    def fitted(self) -> list[tuple[Claim, object]]:
        """Return the claims about the fitted models that are still there, as they are now, with the models."""
        found: list[tuple[Claim, object]] = []
        count: Counter[str] = Counter()
        for model in [model for reference in list(self._fitted.values()) if (model := reference()) is not None]:
            if _is_fitted(model):
                kind = type(model).__name__
                count[kind] += 1
                default = f"{self._run.component}/{kind}" + (f"-{count[kind]}" if count[kind] > 1 else "")
                given = self._run.name_of(model) or names.of(model) or Named(default, "model")
                claims, _ = captured(default, model, given, written=True)
                found += [(claim, model) for claim in claims]
        return found


def _holds(references: dict[int, weakref.ref[Any]], model: object) -> bool:
    reference = references.get(id(model))
    return reference is not None and reference() is model


def _is_fitted(model: Any) -> bool:
    """Whether it says so, or has what fitting leaves behind by the rules of scikit-learn: names that end in `_`."""
    if (says_so := getattr(model, "__sklearn_is_fitted__", None)) is not None:
        return bool(says_so())
    return any(name.endswith("_") and not name.endswith("__") for name in getattr(model, "__dict__", ()))
