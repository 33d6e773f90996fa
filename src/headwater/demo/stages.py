"""What each stage of the pipeline computes: plain functions on tables. They know nothing of lineage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd
from sklearn.tree import DecisionTreeClassifier, export_text

HIGH_TIP = 0.2
LEAST_FARE_USD = 2.5
_CATEGORIES = ["payment", "color", "pickup_borough", "dropoff_borough"]
_NUMBERS = ["passengers", "distance", "fare", "tolls"]
_UNKNOWN = -1
_ENDS = ("pickup", "dropoff")

Codes: TypeAlias = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted tree, and what it decides as text.

    The text is the content that is hashed: pickles of one and the same tree may differ.
    """

    tree: DecisionTreeClassifier
    text: str


def look_up(trips: pd.DataFrame) -> pd.DataFrame:
    """Return the borough of each zone."""
    ends = [trips[[f"{end}_zone", f"{end}_borough"]].set_axis(["zone", "borough"], axis=1) for end in _ENDS]
    return pd.concat(ends).dropna().drop_duplicates().sort_values("zone", ignore_index=True)


def clean(trips: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """Return the trips that can have happened as recorded, each with its boroughs."""
    complete = trips.dropna(subset=["payment", "pickup_zone", "dropoff_zone"])
    kept = complete[(complete["fare"] >= LEAST_FARE_USD) & (complete["distance"] > 0)].copy()
    borough = dict(zip(zones["zone"], zones["borough"], strict=True))
    for end in _ENDS:
        kept[f"{end}_borough"] = kept[f"{end}_zone"].map(borough)
    return kept


def encode(rows: pd.DataFrame) -> Codes:
    """Return a number for each category, in the order of first appearance.

    So the numbers depend on the rows: a model understands the codes that it was trained with and no others.
    """
    return {column: {value: code for code, value in enumerate(rows[column].unique())} for column in _CATEGORIES}


def features(rows: pd.DataFrame, codes: Codes) -> pd.DataFrame:
    """Return what the model sees of each trip: numbers only, and no tip."""
    table = rows[_NUMBERS].assign(hour=rows["pickup"].dt.hour, day=rows["pickup"].dt.day_of_week)
    for column in _CATEGORIES:
        table[column] = rows[column].map(codes[column]).fillna(_UNKNOWN).astype(int)
    return table


def is_high(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which riders tipped at least 20 % of the fare: what the model is to predict."""
    return rows["tip"] >= HIGH_TIP * rows["fare"]


def train(rows: pd.DataFrame, codes: Codes) -> Model:
    """Return a decision tree fitted to all rows."""
    table = features(rows, codes)
    tree = DecisionTreeClassifier(max_depth=5, min_samples_leaf=20, random_state=0).fit(table, is_high(rows))
    return Model(tree, export_text(tree, feature_names=list(table.columns), decimals=6, show_weights=True))


def predict(model: Model, table: pd.DataFrame) -> pd.Series[bool]:
    """Return for each trip whether a high tip is to be expected."""
    return pd.Series(model.tree.predict(table), index=table.index, name="high_tip")
