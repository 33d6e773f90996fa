"""The history of a DVC project: importing every commit, beside parsing the same lock files and nothing more."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import yaml

from benchmarks.measure import in_turns
from benchmarks.stage import Stage
from benchmarks.table import Row, Section, as_rate
from headwater.loaders.dvc import DvcLoader
from headwater.loaders.importing import import_source

RUNS_OF_COMMITS = 100
STAGES = 20
_FIRST_SECOND = 1_767_225_600


def commits(stages: Sequence[Stage]) -> Section:
    """Import a repository with one lock file that each commit changes."""
    return Section(
        "Commits of DVC",
        f"A git repository with a chain of {STAGES} stages; each commit changes one of them and what follows it, half"
        " of the stages on average. Beside it: `git cat-file` and PyYAML's compiled parser read the same lock files.",
        [_imported(stage) for stage in stages],
    )


def _imported(stage: Stage) -> Row:
    folder = stage.folder / f"dvc-{stage.store}"
    count = max(stage.sizes.runs // RUNS_OF_COMMITS, 20)
    made(folder, count)
    ours = partial(import_source, stage.lineage.store, DvcLoader(prefix=f"{folder.name}/"), str(folder))
    pair = in_turns([(ours, partial(_parsed, folder))])
    rates = as_rate(count, pair.ours[0], "commits/s"), as_rate(count, pair.theirs[0], "commits/s")
    return Row(f"{count:,} commits", stage.store, rates[0], "git and PyYAML", rates[1], pair.speed)


def made(folder: Path, count: int) -> None:
    """Make the repository by one stream of `git fast-import`."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
    stream = b"".join(_stream(count))
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input=stream, check=True)


def _stream(count: int) -> Iterator[bytes]:
    versions = [0] * STAGES
    for commit in range(count):
        for stage in range(commit % STAGES if commit else 0, STAGES):
            versions[stage] = commit
        lock = _lock(versions).encode()
        yield b"commit refs/heads/main\n"
        yield f"committer bench <bench@example.org> {_FIRST_SECOND + commit} +0000\ndata 1\nx\n".encode()
        yield b"M 100644 inline dvc.lock\ndata %d\n%s\n" % (len(lock), lock)


def _lock(versions: Sequence[int]) -> str:
    entries = (_entry(stage, versions) for stage in range(STAGES))
    return "schema: '2.0'\nstages:\n" + "".join(entries)


def _entry(stage: int, versions: Sequence[int]) -> str:
    read, written = (_md5(place, versions[max(place, 0)]) for place in (stage - 1, stage))
    return f"""\
  step{stage}:
    cmd: python step{stage}.py
    deps:
    - path: data{stage - 1}.csv
      hash: md5
      md5: {read}
      size: 1000
    params:
      params.yaml:
        step{stage}.depth: {versions[stage]}
    outs:
    - path: data{stage}.csv
      hash: md5
      md5: {written}
      size: 1000
"""


def _md5(stage: int, version: int) -> str:
    return hashlib.md5(f"{stage} {version if stage >= 0 else 0}".encode(), usedforsecurity=False).hexdigest()


def _parsed(folder: Path) -> None:
    """Read every version of the lock file and parse it."""
    git = ["git", "-C", str(folder)]
    listed = subprocess.run([*git, "rev-list", "main"], capture_output=True, check=True, text=True).stdout.split()
    wanted = "".join(f"{commit}:dvc.lock\n" for commit in listed).encode()
    read = subprocess.run([*git, "cat-file", "--batch"], input=wanted, capture_output=True, check=True).stdout
    at = 0
    for _ in listed:
        end = read.index(b"\n", at)
        size = int(read[at:end].split()[2])
        yaml.load(read[end + 1 : end + 1 + size], Loader=yaml.CSafeLoader)
        at = end + size + 2
