"""One month of a taxi company's pipeline: every number is computed, every run is noted in a journal.

    customers/*.csv ─ ingest ─ clean ─ features ─ predict ─ serve ─ predictions/DAY-BLOCK.csv   four times a day
                                 └─ history ─ encode ─ train ─ model.joblib                     nightly; Mondays

Files are overwritten, as in most pipelines: `model.joblib` is another thing each week under one name. Two things go
wrong, and neither makes a run fail: the encoder is refitted alone (`REFIT_AT`), which spoils predictions, and the
evening's server is not restarted any more (`LAST_RESTART`), which leaves it with an old model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd

from headwater.demo import stages
from headwater.demo.journal import Journal, digest
from headwater.demo.trips import BLOCKS, FIRST_DAY, NEW_YORK, Batch, Block, days, trips_of
from headwater.graph.facts import ComponentFact, Fact, Input
from headwater.ids import state_id

REFIT_AT = datetime.combine(date(2019, 3, 20), time(19))
LAST_RESTART = date(2019, 3, 18)
FOLDER = "taxi"
_MONDAY = 0

ZONES, HISTORY, ENCODER, MODEL = (f"{FOLDER}/{n}" for n in ("zones.csv", "history.csv", "encoder.json", "model.joblib"))
_COMPONENTS = {
    "zones": "look up the borough of each taxi zone",
    "ingest": "take in the trips of six hours, one file a customer",
    "clean": "drop trips that cannot have happened as recorded",
    "history": "add the day's clean trips to all earlier ones",
    "encode": "number the categories: payment, colour, boroughs",
    "train": "fit the model that foretells high tips",
    "features": "turn clean trips into the numbers that the model sees",
    "predict": "foretell which riders tip at least 20 %",
    "serve": "hand the predictions to the customers",
}


@dataclass(frozen=True, slots=True)
class Served:
    """One served batch, compared with the tips once they were known.

    Of `trips` predictions `right` were right; of `high` high tips `found` were foretold. `known_at` is New York time.
    `answers` says for each ride whether a high tip was foretold, `tips` whether there was one.
    """

    batch: Batch
    state: str
    known_at: datetime
    trips: int
    right: int
    high: int
    found: int
    answers: Mapping[str, bool]
    tips: Mapping[str, bool]

    @property
    def name(self) -> str:
        """The file that the customers got."""
        return predictions(self.batch)


@dataclass(frozen=True, slots=True)
class Month:
    """What a month leaves behind: the runs to record, and the batches served."""

    facts: Sequence[Fact]
    served: Sequence[Served]


def run_month(trips: pd.DataFrame) -> Month:
    """Run the pipeline over all days; predictions begin with the first model."""
    pipeline = _Pipeline(trips)
    for day in days():
        for block in BLOCKS:
            pipeline.batch(Batch(day, block))
            if day == REFIT_AT.date() and block == "afternoon":
                pipeline.refit_encoder_alone(REFIT_AT)
        midnight = datetime.combine(day + timedelta(days=1), time())
        pipeline.close_day(midnight + timedelta(hours=1))
        if midnight.weekday() == _MONDAY:
            pipeline.retrain(midnight + timedelta(hours=2))
    return Month([*_components(), *pipeline.journal.facts], pipeline.served)


def _components() -> list[ComponentFact]:
    said_at = datetime.combine(FIRST_DAY, time(), NEW_YORK)
    return [ComponentFact(name, description, at=said_at) for name, description in _COMPONENTS.items()]


def file(kind: str, block: Block) -> str:
    """Return the name of a file that the block's runs overwrite every day."""
    return f"{FOLDER}/{kind}/{block}.csv"


def customer_file(customer: str) -> str:
    """Return the name of the file with the trips of one customer, which comes from outside the pipeline."""
    return f"{FOLDER}/customers/{customer}.csv"


def predictions(batch: Batch) -> str:
    """Return the name of the file with the answers to one batch, which nothing overwrites."""
    return f"{FOLDER}/predictions/{batch}.csv"


def by_ride(answers: pd.Series[bool]) -> dict[str, bool]:
    """Return answers, or truths, by the ids of their rides."""
    return {f"ride-{ride}": bool(answer) for ride, answer in answers.items()}


class _Pipeline:
    """The folder of the pipeline, in memory: what each file holds at the moment."""

    def __init__(self, trips: pd.DataFrame) -> None:
        self.journal = Journal()
        self.served: list[Served] = []
        self._trips = trips
        self._zones = stages.look_up(trips)
        self._clean: dict[Block, pd.DataFrame] = {}
        self._history = pd.DataFrame()
        self._codes: stages.Codes = {}
        self._models: dict[Block, stages.Model] = {}
        opening = datetime.combine(FIRST_DAY, time())
        self.journal.run("zones", opening, ["tlc/taxi_zones.csv"], {ZONES: self._zones}, rows=len(self._zones))

    def batch(self, batch: Batch) -> None:
        """Take in the trips of the last six hours and, once there is a model, predict their tips."""
        at, block = batch.ends_at + timedelta(minutes=5), batch.block
        trips = trips_of(self._trips, batch).drop(columns=["pickup_borough", "dropoff_borough"])
        customers = [customer_file(customer) for customer in sorted(set(trips["customer"]))]
        self.journal.run("ingest", at, customers, {file("trips", block): trips}, rows=len(trips))
        rows = self._clean[block] = stages.clean(trips, self._zones)
        reads = [file("trips", block), ZONES]
        self.journal.run("clean", at + timedelta(minutes=2), reads, {file("clean", block): rows}, rows=len(rows))
        if self._models:
            self._answer(batch, rows, at + timedelta(minutes=4))

    def _answer(self, batch: Batch, rows: pd.DataFrame, at: datetime) -> None:
        block, model = batch.block, self._models[batch.block]
        table = stages.features(rows, self._codes)
        self.journal.run("features", at, [file("clean", block), ENCODER], {file("features", block): table})
        answers = stages.predict(model, table)
        # A server keeps the model in memory: it says by digest which one, whatever the file holds by now.
        held = Input(MODEL, digest=digest(model))
        scores = {file("scores", block): answers.to_frame()}
        self.journal.run("predict", at + timedelta(minutes=2), [file("features", block), held], scores)
        self._serve(batch, rows, answers, at + timedelta(minutes=4))

    def _serve(self, batch: Batch, rows: pd.DataFrame, answers: pd.Series[bool], at: datetime) -> None:
        name = predictions(batch)
        answered = rows[["customer", "pickup"]].assign(high_tip=answers)
        run = self.journal.run("serve", at, [file("scores", batch.block)], {name: answered}, rows=len(answered))
        truth = stages.is_high(rows)
        right, found = int((answers == truth).sum()), int((answers & truth).sum())
        known_at, high = at + timedelta(days=1), int(truth.sum())
        rides = (by_ride(answers), by_ride(truth))
        self.served.append(Served(batch, state_id(name, run), known_at, len(rows), right, high, found, *rides))

    def close_day(self, at: datetime) -> None:
        """Add the day's four batches to the history."""
        self._history = pd.concat([self._history, *self._clean.values()])
        reads = [HISTORY, *(file("clean", block) for block in self._clean)]
        self.journal.run("history", at, reads, {HISTORY: self._history}, rows=len(self._history))

    def retrain(self, at: datetime) -> None:
        """Fit encoder and model to all history, and restart the servers."""
        self._encode(at, self._history, HISTORY)
        model = stages.train(self._history, self._codes)
        rows = len(self._history)
        self.journal.run("train", at + timedelta(minutes=10), [HISTORY, ENCODER], {MODEL: model}, rows=rows)
        restarted = BLOCKS if at.date() <= LAST_RESTART else BLOCKS[:-1]
        self._models |= dict.fromkeys(restarted, model)

    def refit_encoder_alone(self, at: datetime) -> None:
        """The mistake: new codes from a few hours of trips, while the models still expect the old ones."""
        self._encode(at, self._clean["afternoon"], file("clean", "afternoon"))

    def _encode(self, at: datetime, rows: pd.DataFrame, source: str) -> None:
        self._codes = stages.encode(rows)
        self.journal.run("encode", at, [source], {ENCODER: self._codes}, rows=len(rows), **self._codes)
