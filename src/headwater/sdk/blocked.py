"""What a component raises because its user asked it to: a run that a trigger or its inputs did not let begin."""

from __future__ import annotations

from headwater.errors import HeadwaterError


class RunBlocked(HeadwaterError):
    """The run was not allowed to begin."""

    code = "run_blocked"
    status = 409
    hint = "mend what the message names, or let the component go on with another policy"


class TriggerFailed(RunBlocked):
    """A trigger failed before the run."""

    code = "trigger_failed"
    hint = "the component says on_failure='block'; 'record' or 'warn' would let it run"


class StaleInputs(RunBlocked):
    """The inputs of the run are stale."""

    code = "stale_inputs"
    hint = "make the inputs anew; the component says on_stale='block', and 'log' or 'warn' would let it run"


class ErasedInputs(RunBlocked):
    """An input of the run has been erased."""

    code = "erased_inputs"
    hint = "read what was made anew without it; the component says on_erased='block', and 'warn' would let it run"
