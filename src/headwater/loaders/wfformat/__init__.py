"""The loader of WfFormat: `loader` makes facts of what `tasks` reads."""

from headwater.loaders.wfformat.loader import WfFormatLoader

__all__ = ["WfFormatLoader"]
