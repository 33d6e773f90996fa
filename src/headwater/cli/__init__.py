"""The command line: parse, call one function, print."""

from __future__ import annotations

import json
import sys

from headwater.errors import MissingExtra


def main() -> None:
    """Run the command line; exit 0 done, 1 a named failure, 2 wrong usage, 130 interrupted."""
    try:
        from headwater.cli.app import run
    except ModuleNotFoundError as exc:
        _explain(MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[cli]'"))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    run()


def _explain(error: MissingExtra) -> None:
    """Say what is missing without the libraries that may be it."""
    if "--json" in sys.argv:
        sys.stdout.write(json.dumps(error.to_dict(), indent=2) + "\n")
    else:
        sys.stderr.write(f"headwater: {error}\n")
