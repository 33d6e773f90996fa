"""Run as a program, with dvc: a project of three commits, a branch and a tag, made by DVC and git alone.

first   prepare, train@north, train@south, report
second  depth 5: both trainings and the report again, prepare as it was
third   new raw data: everything again
branch  `deeper`, from the second commit: depth 9
tag     `tried`, on a commit that no branch holds: depth 3 again, so no new run but a report in other words
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PIPELINE = """\
stages:
  prepare:
    cmd: mkdir -p clean && grep north raw.csv > clean/north.csv && grep south raw.csv > clean/south.csv
    deps: [raw.csv]
    outs: [clean]
  train:
    foreach: [north, south]
    do:
      cmd: >-
        (cat clean/${item}.csv; echo ${depth}) > model-${item}.txt;
        echo "{\\"rows\\": $(wc -l < clean/${item}.csv), \\"depth\\": ${depth}}" > metrics-${item}.json
      deps: [clean]
      params: [depth]
      outs: ['model-${item}.txt']
      metrics:
      - metrics-${item}.json:
          cache: false
  report:
    desc: What the two models say.
    cmd: cat model-north.txt model-south.txt title.txt > report.txt
    deps: [model-north.txt, model-south.txt, title.txt]
    outs: [report.txt]
"""


class Project:
    """A folder in which git and DVC run; each commit is a second later than the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commits = folder, 0

    def run(self, *command: str) -> None:
        time = f"2026-01-01T00:00:{self.commits:02}Z"
        times = {"GIT_AUTHOR_DATE": time, "GIT_COMMITTER_DATE": time, "DVC_NO_ANALYTICS": "true"}
        done = subprocess.run(command, cwd=self.folder, env={**os.environ, **times}, check=False, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout.decode()} {done.stderr.decode()}")

    def git(self, *words: str) -> None:
        self.run("git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false", *words)

    def dvc(self, *words: str) -> None:
        self.run(sys.executable, "-m", "dvc", *words)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_text(text)

    def reproduce(self, message: str) -> None:
        self.dvc("repro")
        self.commit(message)

    def commit(self, message: str) -> None:
        self.commits += 1
        self.git("add", "--all")
        self.git("commit", "--message", message)


def main(folder: str) -> None:
    """Make the project in this empty folder."""
    project = Project(Path(folder))
    project.git("init", "--initial-branch=main")
    project.dvc("init")
    project.write(raw_csv="north 1\nsouth 2\n", params_yaml="depth: 3\n", title_txt="fares\n", dvc_yaml=PIPELINE)
    project.dvc("add", "raw.csv")
    project.reproduce("first")
    project.git("checkout", "--detach")
    project.write(title_txt="tried\n")
    project.reproduce("in other words")
    project.git("tag", "tried")
    project.git("checkout", "--force", "main")
    project.write(params_yaml="depth: 5\n")
    project.reproduce("second")
    project.git("checkout", "-b", "deeper")
    project.write(params_yaml="depth: 9\n")
    project.reproduce("deeper")
    project.git("checkout", "--force", "main")
    project.write(raw_csv="north 1\nnorth 3\nsouth 2\n")
    project.dvc("add", "raw.csv")
    project.reproduce("third")


if __name__ == "__main__":
    main(sys.argv[1])
