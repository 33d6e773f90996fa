"""The command line: parse, call one function, print."""

from __future__ import annotations

import sys

from headwater.errors import MissingExtra


def main() -> None:
    """Run the command line; exit 0 done, 1 a named failure, 2 wrong usage."""
    try:
        from headwater.cli.app import run
    except ModuleNotFoundError as exc:
        error = MissingExtra(f"{exc.name} is not installed", hint="pip install 'headwater[cli]'")
        print(f"headwater: {error}", file=sys.stderr)  # noqa: T201  # rich may be what is missing
        sys.exit(1)
    run()
