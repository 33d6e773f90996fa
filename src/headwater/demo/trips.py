"""The data: real taxi trips, cut into batches of six hours. PROVENANCE.md says where they come from."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from importlib import resources
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import pandas as pd

NEW_YORK = ZoneInfo("America/New_York")
FIRST_DAY, LAST_DAY = date(2019, 3, 1), date(2019, 3, 31)

Block = Literal["night", "morning", "afternoon", "evening"]
BLOCKS: tuple[Block, ...] = get_args(Block)
_HOURS = 24 // len(BLOCKS)


@dataclass(frozen=True, slots=True)
class Batch:
    """The trips that began in one quarter of a day."""

    day: date
    block: Block

    @property
    def starts_at(self) -> datetime:
        """New York local time, naive like the data's own."""
        return datetime.combine(self.day, time(_HOURS * BLOCKS.index(self.block)))

    @property
    def ends_at(self) -> datetime:
        """New York local time, exclusive."""
        return self.starts_at + timedelta(hours=_HOURS)

    def __str__(self) -> str:
        return f"{self.day}-{self.block}"


def load_trips() -> pd.DataFrame:
    """Return all trips in the order of their pickups, with the made-up `customer` beside the columns of the data."""
    packed = resources.files("headwater.demo").joinpath("trips.csv.gz").read_bytes()
    trips = pd.read_csv(io.BytesIO(gzip.decompress(packed)), parse_dates=["pickup", "dropoff"])
    who = trips["pickup_zone"].fillna("nowhere") + "|" + trips["passengers"].astype(str)
    trips["customer"] = who.map(_customer)
    return trips.sort_values(["pickup", "dropoff"], kind="stable", ignore_index=True)


def trips_of(trips: pd.DataFrame, batch: Batch) -> pd.DataFrame:
    """Return the trips of one batch."""
    inside = (trips["pickup"] >= batch.starts_at) & (trips["pickup"] < batch.ends_at)
    return trips[inside]


def days() -> list[date]:
    """Return the days of March 2019. One trip of the data began before midnight of the first; no batch holds it."""
    return [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def rarest_customer(trips: pd.DataFrame, batch: Batch) -> str:
    """Return the customer of the batch who rode least in the whole month, the first by key among equals."""
    rides = trips["customer"].value_counts()
    return min(map(str, trips_of(trips, batch)["customer"]), key=lambda customer: (rides[customer], customer))


def _customer(who: str) -> str:
    return f"c-{blake2b(who.encode(), digest_size=3).hexdigest()}"
