"""Run as a program, with mltrace itself: two pipelines' worth of runs, logged through its own store."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any

from mltrace.db.store import Store  # type: ignore[import-not-found]  # lives in an environment of its own

START = datetime(2021, 5, 1)  # noqa: DTZ001  # mltrace has no zones


class Pipeline:
    """What the decorator of mltrace tells its store."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)

    def run(self, component: str, hour: int, reads: list[tuple[str, Any]], writes: list[tuple[str, Any]]) -> None:
        run = self.store.initialize_empty_component_run(component)
        run.set_start_timestamp(START + timedelta(hours=hour))
        run.set_end_timestamp(START + timedelta(hours=hour + 1))
        run.set_git_hash("abc")
        run.set_git_tags(["v1"])
        run.set_code_snapshot(b"def run(): ...")
        run.add_inputs([self.store.get_io_pointer(name, value) for name, value in reads])
        run.add_outputs([self.store.get_io_pointer(name, value) for name, value in writes])
        self.store.set_dependencies_from_inputs(run)
        self.store.commit_component_run(run)


def main(url: str) -> None:
    """Log a pipeline twice, the second training more than a month after the cleaning that it reads."""
    taxi = Pipeline(url)
    taxi.store.create_component("clean", "drops empty rows", "ann", ["etl"])
    taxi.store.create_component("train", "", "")
    taxi.run("clean", 0, [("raw.csv", "")], [("clean.csv", "")])
    taxi.run("train", 2, [("clean.csv", "")], [("model.joblib", [1, 2])])
    taxi.run("clean", 24, [("raw.csv", "")], [("clean.csv", "")])
    taxi.run("train", 24 * 40, [("clean.csv", "")], [("model.joblib", [3])])
    taxi.store.set_io_pointer_flag("clean.csv", True)


if __name__ == "__main__":
    main(sys.argv[1])
