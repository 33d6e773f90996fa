"""Packages whose import ends while a run is looked at, told when it is over.

A finder stands first among those of Python as long as somebody listens. It finds nothing itself: it has the others find
the module, and has the loader that they name say when it has run the module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from headwater.sdk.faults import Ours


class ImportsEnd(MetaPathFinder):
    """Calls `then` behind each import of a module of these packages."""

    def __init__(self, packages: Sequence[str], then: Callable[[], None]) -> None:
        self._packages = packages
        self._then = then

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders say."""
        if fullname.partition(".")[0] not in self._packages:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        loader: Any = None if spec is None else spec.loader
        if hasattr(loader, "exec_module") and hasattr(loader, "__dict__"):
            self._tell_end_of(loader)
        return spec

    def _tell_end_of(self, loader: Any) -> None:
        run = loader.exec_module

        def run_and_tell(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            with Ours("auto-logging an import"):
                self._then()

        loader.exec_module = run_and_tell
