"""Tables in a real store: what comes of a file is what comes of a frame, and a crash costs nothing."""

from __future__ import annotations

from pathlib import Path

import pandas

from headwater.graph.connect import open_store
from headwater.graph.lineage.face import Lineage
from headwater.loaders.importing import import_source
from headwater.loaders.table import TableLoader, import_frame


def chain(length: int) -> pandas.DataFrame:
    """A run each minute that reads what the one before it wrote, and overwrites one name that all share."""
    rows = []
    for number in range(length):
        times = {"start": f"2026-01-01T00:{number:02d}:00Z", "end": f"2026-01-01T00:{number:02d}:30Z"}
        run = {"run": f"r{number}", "component": f"stage {number % 3}", **times}
        rows += [{**run, "direction": "input", "name": f"step-{number - 1}"}] if number else []
        rows += [{**run, "direction": "output", "name": name} for name in (f"step-{number}", "log")]
    return pandas.DataFrame(rows)


def test_a_file_and_a_frame_are_one_graph_whose_traces_follow_the_times(tmp_path: Path) -> None:
    frame = chain(12)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.sample(frac=1, random_state=1).to_parquet(tmp_path / "t.parquet", index=False)
    stores = [open_store(f"sqlite:///{tmp_path}/{n}.db") for n in range(3)]
    with stores[0] as by_csv, stores[1] as by_parquet, stores[2] as by_frame:
        import_source(by_csv, TableLoader(), str(tmp_path / "t.csv"))
        import_source(by_parquet, TableLoader(), str(tmp_path / "t.parquet"))
        report = import_frame(by_frame, frame)

        assert report.facts["runs"] == len(frame)
        assert by_csv.digest() == by_parquet.digest() == by_frame.digest()
        assert len(Lineage(by_csv).trace("log").runs()) == 12
        assert len(Lineage(by_csv).impact("step-5").runs()) == 6
