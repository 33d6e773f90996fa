"""What a run touches without saying so: files that are opened, and calls of pandas and scikit-learn.

Only components that ask for it (`auto_log=True`) are looked at, and of these only what their own body does, in its own
context: `begin` and `end` stand around the body. The first run puts an audit hook into the process, for the interpreter
offers no other way to see every file that is opened; it does nothing while no run is looked at.
"""

from __future__ import annotations

from headwater.sdk.autolog import libraries, opened
from headwater.sdk.autolog.touched import Touched
from headwater.sdk.faults import Ours
from headwater.sdk.run import RunLog


def begin(run: RunLog) -> None:
    """Look at what is touched while this is the current run."""
    with Ours("auto-logging"):
        opened.listen()
        libraries.hold()
        run.touched = Touched(run)


def end(run: RunLog) -> Touched | None:
    """Look no longer, and return what was touched, None when nobody looked."""
    touched, run.touched = run.touched, None
    if touched is not None:
        with Ours("auto-logging"):
            libraries.release()
    return touched
