"""`python -m headwater.demo [URL]`: the demo without the command line's extra."""

from __future__ import annotations

import os
import sys

from headwater.demo import run_demo
from headwater.errors import HeadwaterError
from headwater.graph.connect import DEFAULT_STORE, connect


def main() -> None:
    """Play the demo on the store that is named by the argument, else by HEADWATER_STORE, else on the default one."""
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HEADWATER_STORE") or DEFAULT_STORE
    try:
        with connect(url) as lineage:
            run_demo(lineage, url)
    except HeadwaterError as exc:
        raise SystemExit(str(exc)) from exc


if __name__ == "__main__":
    main()
