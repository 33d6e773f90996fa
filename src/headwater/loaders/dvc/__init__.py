"""The loader of DVC: `loader` walks the commits that `git` gives and makes facts of what `stages` reads."""

from headwater.loaders.dvc.loader import DvcLoader

__all__ = ["DvcLoader"]
