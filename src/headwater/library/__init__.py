"""Ready components and checks for the stages that every pipeline has (extra `library`).

from headwater.library import Inference, Training, recorded

train = Training("train")
predict = Inference("predict", reference=recorded("train"))

Importing this package costs nothing; its names bring numpy, pandas and scipy when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headwater.errors import MissingExtra

if TYPE_CHECKING:
    from headwater.library.agreeing import agreement
    from headwater.library.components import FeatureGeneration, Inference, Preprocessing, Training
    from headwater.library.drifting import THRESHOLDS, compare, drift
    from headwater.library.leaking import leakage, target_leakage, time_leakage
    from headwater.library.predicting import predictions
    from headwater.library.profiles import Profile
    from headwater.library.quality import missing_values, outliers, ranges, schema
    from headwater.library.references import profile, recorded
    from headwater.library.scoring import Sets, baseline, overfitting

_HOMES = {
    "FeatureGeneration": "components",
    "Inference": "components",
    "Preprocessing": "components",
    "Profile": "profiles",
    "Sets": "scoring",
    "THRESHOLDS": "drifting",
    "Training": "components",
    "agreement": "agreeing",
    "baseline": "scoring",
    "compare": "drifting",
    "drift": "drifting",
    "leakage": "leaking",
    "missing_values": "quality",
    "outliers": "quality",
    "overfitting": "scoring",
    "predictions": "predicting",
    "profile": "references",
    "ranges": "quality",
    "recorded": "references",
    "schema": "quality",
    "target_leakage": "leaking",
    "time_leakage": "leaking",
}


def __getattr__(name: str) -> Any:
    """Return one of the package's names; raises MissingExtra when a package that it needs is not installed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[library]'") from exc


__all__ = [
    "THRESHOLDS",
    "FeatureGeneration",
    "Inference",
    "Preprocessing",
    "Profile",
    "Sets",
    "Training",
    "agreement",
    "baseline",
    "compare",
    "drift",
    "leakage",
    "missing_values",
    "outliers",
    "overfitting",
    "predictions",
    "profile",
    "ranges",
    "recorded",
    "schema",
    "target_leakage",
    "time_leakage",
]
