"""The history of a DVC project: every stage that any commit, branch or tag shows in a new state is a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from headwater.errors import SourceError
from headwater.loaders.base import Found
from headwater.loaders.dvc.git import Repository
from headwater.loaders.dvc.history import History

PATTERNS = (":(glob)**/dvc.lock", ":(glob)**/*.dvc", ":(glob)**/Dvcfile", ":(exclude,glob)**/.dvc/**")


@dataclass(frozen=True, slots=True)
class DvcLoader:
    """Reads a git repository, or a folder of one. `prefix` is put before the names of its stages and files."""

    prefix: str = ""
    kind: ClassVar[str] = "dvc"

    def read(self, source: str) -> Iterator[Found]:
        """Give each stage, import and added file in each of its states, once, in the order of the commits.

        Raises SourceError when there is no git repository, or no commit with files of DVC.
        """
        repository = _repository(source)
        number = 0
        with repository.objects() as objects:
            history = History(objects, self.prefix)
            for number, commit in enumerate(repository.commits(), 1):
                yield from history.news(commit, number)
        if not number:
            raise SourceError(f"no commit of {source!r} has a dvc.lock or a .dvc file")

    def total(self, source: str) -> int:
        """Return how many commits touch files of DVC."""
        return _repository(source).count()

    def fingerprint(self, source: str) -> str:
        """Return a text that changes when a branch, tag or other ref of the repository does."""
        return _repository(source).fingerprint()


def _repository(source: str) -> Repository:
    found = Repository(source, PATTERNS)
    found.check()
    return found
