"""Saving and loading one array and one file, beside joblib and a plain copy: `python -m benchmarks.artifacts` too."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import paired
from benchmarks.sizes import FULL, Sizes
from benchmarks.stage import Stage
from benchmarks.table import Row, Section, markdown
from headwater.sdk.artifacts.places import Folder
from headwater.sdk.artifacts.saved import load_entry, save_file, save_value, write_to
from headwater.sdk.artifacts.store import ArtifactStore


def payloads(stages: Sequence[Stage]) -> Section:
    """Save and load an array of random numbers and a file of them."""
    return measured(stages[0].folder / "payloads", stages[0].sizes)


def measured(folder: Path, sizes: Sizes) -> Section:
    """Measure it in a folder, which is made."""
    folder.mkdir()
    return Section(
        "Artifacts",
        f"An array of {sizes.artifact_bytes >> 20} MiB of random numbers, and a file of them. Headwater digests the"
        " content, cuts and hashes chunks, syncs each to the disk, and verifies them when it reads; joblib and the copy"
        " do neither.",
        list(_rows(folder, sizes)),
    )


def _rows(folder: Path, sizes: Sizes) -> Iterator[Row]:
    import joblib
    import numpy as np

    array = np.random.default_rng(7).random(sizes.artifact_bytes // 8)
    dumped, copied = folder / "array.joblib", folder / "copy.joblib"
    joblib.dump(array, dumped)
    numbers = count()

    def fresh() -> ArtifactStore:
        return ArtifactStore(Folder(folder / f"store-{next(numbers)}"))

    kept = fresh()
    saved, file = save_value(kept, array, "array"), save_file(kept, str(dumped), "file")
    dump, copy = partial(joblib.dump, array, copied), partial(shutil.copyfile, dumped, copied)
    row = partial(_row, sizes)
    yield row("save an array", lambda: save_value(fresh(), array, "array"), "joblib.dump", dump)
    yield row("save it again", lambda: save_value(kept, array, "array"), "joblib.dump", dump)
    yield row("load it", lambda: load_entry(kept, saved), "joblib.load", partial(joblib.load, dumped))
    yield row("save a file", lambda: save_file(fresh(), str(dumped), "file"), "shutil.copyfile", copy)
    target = folder / "loaded.joblib"
    yield row("load it", lambda: write_to(kept, file, target, replaces=True), "shutil.copyfile", copy)


def _row(sizes: Sizes, what: str, ours: Callable[[], object], beside: str, theirs: Callable[[], object]) -> Row:
    pair = paired(ours, theirs, sizes.repeats)
    rates = (f"{sizes.artifact_bytes / 1e6 / min(seconds):,.0f} MB/s" for seconds in (pair.ours, pair.theirs))
    return Row(what, "folder", next(rates), beside, next(rates), pair.speed)


def main() -> int:
    """Measure and print the table."""
    with TemporaryDirectory(prefix="headwater-bench-") as name:
        print(markdown([measured(Path(name) / "payloads", FULL)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
