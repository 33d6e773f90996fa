"""Ready components: stages that every pipeline has, with the checks that suit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from headwater.graph.facts import TriggerResult
from headwater.library import agreeing, drifting, leaking, predicting, quality, scoring
from headwater.library.checks import Check, check
from headwater.library.profiles import Profile
from headwater.library.references import Reference, keep_profile, profile
from headwater.library.verdicts import verdict
from headwater.sdk.component import Component, Options


class Said(Options, total=False):
    """What any component may be told besides."""

    description: str | None
    owner: str | None
    tags: Sequence[str] | None
    before: Sequence[Callable[..., object]]
    after: Sequence[Callable[..., object]]


class Preprocessing(Component):
    """A stage that cleans a table: looks for missing values before, for outliers and values out of range after.

    data, output: the variables that hold the table before and after; `result` is what the function returns.
    most_missing, most_outliers: the shares that are let pass. expects: the schema of `data`, as a dict of kinds or a
    reference. ranges: what columns of `output` may hold. reference: how much was missing at another time.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        data: str = "df",
        output: str = "result",
        most_missing: float = 0.05,
        most_outliers: float = 0.01,
        expects: Mapping[str, str] | Reference | None = None,
        ranges: Mapping[str, quality.Bounds] | None = None,
        reference: Reference | None = None,
        **said: Unpack[Said],
    ) -> None:
        before = [quality.missing_values(data, most_missing, reference=reference)]
        before += [quality.schema(data, expects)] if expects is not None else []
        after = [quality.outliers(output, most_outliers)]
        after += [quality.ranges(output, ranges)] if ranges is not None else []
        super().__init__(name, **_with(said, before, after))


class FeatureGeneration(Component):
    """A stage that makes features, online or offline: keeps their profile, and compares them with the other side's.

    output: the variable that holds the features. reference: the profile of the other side, for schema and skew (drift).
    offline: a function that makes the same features of the variable `data`, for agreement row by row.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        data: str = "df",
        output: str = "result",
        reference: Reference | None = None,
        offline: Callable[[Any], Any] | None = None,
        tolerance: float = 1e-6,
        thresholds: drifting.Thresholds = drifting.THRESHOLDS,
        alpha: float = drifting.ALPHA,
        **said: Unpack[Said],
    ) -> None:
        after = [profile(output)]
        if reference is not None:
            skew = drifting.drift(output, reference, thresholds=thresholds, alpha=alpha, name="skew")
            after += [quality.schema(output, reference), skew]
        if offline is not None:
            after.append(agreeing.agreement(output, data, offline, tolerance=tolerance))
        super().__init__(name, **_with(said, [], after))


class Training(Component):
    """A stage that fits a model: looks for leakage before, for overfitting and a beaten baseline after.

    Keeps the profile of the training rows as `profile`, and of what the model says of the test rows as `predictions`:
    what Inference is compared with. train, test, train_target, test_target: the variables that hold rows and targets;
    with target_column the targets are a column of the rows. model: the variable of the fitted model. time: the column
    by which training comes before test. splits_inside: the function makes the sets itself, and leakage is looked for
    after it. predict, score: see `overfitting`.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        train: str = "X_train",
        test: str = "X_test",
        train_target: str = "y_train",
        test_target: str = "y_test",
        target_column: str | None = None,
        model: str = "result",
        time: str | None = None,
        splits_inside: bool = False,
        most_leaked: float = 0.01,
        most_overfitting: float = 0.1,
        least_gain: float = 0.0,
        predict: scoring.Predict | None = None,
        score: scoring.Score | None = None,
        **said: Unpack[Said],
    ) -> None:
        sets = scoring.Sets(train, test, train_target, test_target, target_column)
        leaks = [leaking.leakage(train, test, most_leaked)]
        leaks += [leaking.time_leakage(train, test, time)] if time is not None else []
        is_column = target_column is not None
        leaks.append(leaking.target_leakage(train, target_column or train_target, is_column=is_column))
        after = [
            scoring.overfitting(sets, model, most_overfitting, predict=predict, score=score),
            scoring.baseline(sets, model, least_gain, predict=predict, score=score),
            _profiles(sets, model, predict),
        ]
        super().__init__(
            name, **_with(said, [] if splits_inside else leaks, [*leaks, *after] if splits_inside else after)
        )


class Inference(Component):
    """A stage that predicts: compares the features before with those of training, and the predictions after.

    data, output: the variables that hold features and predictions. reference, predicted: the profiles that Training has
    kept: `recorded("train")` and `recorded("train", "predictions")`, or any other. bounds: of every prediction.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        reference: Reference,
        predicted: Reference | None = None,
        data: str = "X",
        output: str = "result",
        bounds: tuple[float, float] | None = None,
        thresholds: drifting.Thresholds = drifting.THRESHOLDS,
        alpha: float = drifting.ALPHA,
        **said: Unpack[Said],
    ) -> None:
        before = [
            quality.schema(data, reference, least_rows=0),
            drifting.drift(data, reference, thresholds=thresholds, alpha=alpha),
        ]
        told = predicting.predictions(output, reference=predicted, bounds=bounds, thresholds=thresholds, alpha=alpha)
        super().__init__(name, **_with(said, before, [told]))


def _with(said: Said, before: Sequence[Check], after: Sequence[Check]) -> Any:
    """Return what a component is told, with the checks before those of its maker."""
    return {**said, "before": [*before, *said.get("before", ())], "after": [*after, *said.get("after", ())]}


def _profiles(sets: scoring.Sets, model: str, predict: scoring.Predict | None) -> Check:
    """Return a trigger that keeps the profiles of the training rows and of the predictions for the test rows."""

    def body(fitted: object, *given: Any) -> TriggerResult:
        rows = given[0] if sets.column is None else given[0].drop(columns=[sets.column])
        found = Profile.fit(rows, name=sets.train)
        keep_profile(found, "profile")
        _, (test, _) = sets.split(given)
        told = predicting.unnamed(scoring.predicted(predict, fitted, test))
        keep_profile(Profile.fit(told, name=predicting.NAME), "predictions")
        return verdict([], f"{found.rows:,} rows, {len(found.columns):,} columns", {"rows": found.rows})

    return check("profile", body, model, *sets.variables)
