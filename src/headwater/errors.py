"""The one home of failures. Whoever catches HeadwaterError catches everything that Headwater raises on purpose.

    HeadwaterError
    ├── InvalidFact (ValueError)            a fact that cannot be true or cannot be stored
    │   ├── NaiveDatetime
    │   ├── EndBeforeStart
    │   ├── InvalidName
    │   ├── InvalidValue
    │   └── TooLarge
    ├── UsageError (ValueError)             a question or option that makes no sense
    │   ├── InvalidStoreURL
    │   ├── InvalidCursor
    │   └── InvalidPolicy                   a file of rules for deletions that breaks its own
    ├── NotFound (LookupError)
    │   ├── UnknownPointer
    │   ├── UnknownRun
    │   ├── UnknownComponent
    │   ├── UnknownQuery
    │   ├── UnknownArtifact                 nothing is saved of that content
    │   ├── UnknownReference                no run has kept the profile to compare with
    │   ├── UnknownKind                     no loader or exporter of that name
    │   └── UnknownRequest                  no deletion request or plan of that id
    ├── RegisterMoved                       somebody else wrote to the register of deletions first
    ├── InvalidTemplate                     a query file that the catalogue refuses
    ├── MissingExtra (ImportError)          an optional package is not installed
    ├── DeletionRefused                     a deletion has not come so far, or has gone further
    │   ├── NotApproved
    │   ├── PlanOutdated                    the graph is not as the plan saw it
    │   └── ExecutionUnderWay
    ├── DeletionStopped                     an execution that cannot go on; nothing live was deleted
    │   ├── RerunFailed
    │   ├── StillReached                    what was rerun still derives from what is to be deleted
    │   └── RemovalFailed                   data outside of the store could not be deleted
    ├── SourceError (ValueError)            a source of lineage that cannot be read as what it was said to be
    │   └── BadRecord                       one record of it, where no bad record is allowed
    ├── ArtifactError                       the payloads, which lie beside the graph
    │   ├── Unsaveable (ValueError)
    │   ├── PickledArtifact (PermissionError)
    │   ├── DamagedArtifact
    │   ├── ArtifactsFull
    │   └── ArtifactsUnavailable (ConnectionError)
    └── StoreError
        ├── StoreUnavailable (ConnectionError)
        ├── StoreBusy (TimeoutError)        locked, or out of time
        ├── QuestionEnded (TimeoutError)    whoever asked does not wait any longer
        ├── GraphMoved                      a state that was found is no longer there
        ├── StoreReadOnly (PermissionError)
        ├── StoreFull
        ├── StoreClosed
        ├── AuthenticationFailed (PermissionError)
        ├── NotAStore                       the file or database holds something else
        ├── SchemaTooNew
        └── CorruptStore

The docstring of a class is its default message, `hint` says what to do, `code` is the stable word for programs and
`status` the HTTP status.
"""

from __future__ import annotations

from typing import ClassVar


class HeadwaterError(Exception):
    """Headwater could not do what was asked."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    hint: str = ""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)
        if hint is not None:
            self.hint = hint

    @property
    def message(self) -> str:
        """What went wrong, in one sentence."""
        return str(self.args[0])

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def to_dict(self) -> dict[str, dict[str, str]]:
        """Return the one JSON shape of a failure, for the command line and for HTTP."""
        return {"error": {"code": self.code, "message": self.message, "hint": self.hint}}


class InvalidFact(HeadwaterError, ValueError):
    """The fact contradicts itself."""

    code = "invalid_fact"
    status = 422
    hint = "correct the fact and record it again; nothing of its batch was written"


class NaiveDatetime(InvalidFact):
    """A time has no zone."""

    code = "naive_datetime"
    hint = "pass an aware datetime, for example datetime.now(timezone.utc)"


class EndBeforeStart(InvalidFact):
    """The run ends before it starts."""

    code = "end_before_start"
    hint = "check the order and the time zones of started_at and ended_at"


class InvalidName(InvalidFact):
    """The name cannot be stored."""

    code = "invalid_name"
    hint = "use a non-empty text of at most 4096 bytes in UTF-8, without lone surrogates or NUL"


class InvalidValue(InvalidFact):
    """The value cannot be stored exactly."""

    code = "invalid_value"
    hint = "use text, whole numbers, finite floats, booleans, None, and lists and mappings (text keys) of these"


class TooLarge(InvalidFact):
    """The value is too large for the graph."""

    code = "too_large"
    status = 413
    hint = "write it to a file or the artifact store and record its name"


class UsageError(HeadwaterError, ValueError):
    """The question makes no sense."""

    code = "usage"
    status = 400


class InvalidStoreURL(UsageError):
    """The store's URL is not understood."""

    code = "invalid_store_url"
    hint = "use sqlite:///path/to/lineage.db, bolt://host:7687, neo4j+s://host or https://host"


class InvalidCursor(UsageError):
    """The page cursor is not one that this service gave."""

    code = "invalid_cursor"
    hint = "start again from the first page"


class InvalidPolicy(UsageError):
    """The policy for deletions cannot be used."""

    code = "invalid_policy"
    hint = "copy the default one and change it"


class NotFound(HeadwaterError, LookupError):
    """There is no such thing."""

    code = "not_found"
    status = 404


class UnknownPointer(NotFound):
    """No pointer has this name, id or digest."""

    code = "unknown_pointer"
    hint = "`headwater search TEXT` lists the names that contain a text"


class UnknownRun(NotFound):
    """No run has this id."""

    code = "unknown_run"
    hint = "`headwater recent` lists the newest runs"


class UnknownComponent(NotFound):
    """No component has this name."""

    code = "unknown_component"
    hint = "`headwater components` lists them"


class UnknownQuery(NotFound):
    """No query of the catalogue has this name."""

    code = "unknown_query"
    hint = "`headwater queries list` lists them"


class UnknownArtifact(NotFound):
    """Nothing is saved of this content."""

    code = "unknown_artifact"
    hint = "`headwater artifacts list` lists what is; components save with artifacts='outputs', and headwater.save does"


class UnknownKind(NotFound):
    """No loader or exporter has this name."""

    code = "unknown_kind"
    hint = "`headwater import` and `headwater export` list their kinds"


class UnknownReference(NotFound):
    """No run has kept the profile that data are to be compared with."""

    code = "unknown_reference"
    hint = "run the component that keeps it first, or pass a Profile"


class UnknownRequest(NotFound):
    """No deletion request or plan has this id."""

    code = "unknown_request"
    hint = "`headwater forget list` lists requests and their plans"


class DeletionRefused(HeadwaterError):
    """The deletion has not come so far, or has gone further."""

    code = "deletion_refused"
    status = 409
    hint = "`headwater forget list` shows how far requests are"


class NotApproved(DeletionRefused):
    """The plan is not approved."""

    code = "not_approved"
    hint = "`headwater forget approve PLAN --by NAME`, by somebody who may"


class PlanOutdated(DeletionRefused):
    """The graph is not as the plan saw it."""

    code = "plan_outdated"
    hint = "`headwater forget plan` makes a new plan; nothing was deleted"


class ExecutionUnderWay(DeletionRefused):
    """Somebody executes the plan at this moment."""

    code = "execution_under_way"
    hint = "wait for its end, or pass --take-over if that process is gone"


class DeletionStopped(HeadwaterError):
    """The execution cannot go on."""

    code = "deletion_stopped"
    status = 409
    hint = "nothing live was deleted; execute again when the cause is gone: what is done is not done again"


class RerunFailed(DeletionStopped):
    """A run could not be done again."""

    code = "rerun_failed"


class StillReached(DeletionStopped):
    """What was rerun still derives from what is to be deleted."""

    code = "still_reached"


class RemovalFailed(DeletionStopped):
    """Data outside of the store could not be deleted."""

    code = "removal_failed"
    hint = "what is live was replaced before; execute again when the cause is gone: what is done is not done again"


class RegisterMoved(HeadwaterError):
    """Somebody else has written to the register of deletions."""

    code = "register_moved"
    status = 409
    hint = "read the register again, and decide again on what it says now"


class InvalidTemplate(HeadwaterError):
    """A query file does not keep the format of the catalogue."""

    code = "invalid_template"


class MissingExtra(HeadwaterError, ImportError):
    """An optional package is not installed."""

    code = "missing_extra"
    status = 501


class SourceError(HeadwaterError, ValueError):
    """The source cannot be read as what it was said to be."""

    code = "bad_source"
    status = 422


class BadRecord(SourceError):
    """A record of the source cannot be read, and none may be left out."""

    code = "bad_record"
    hint = "correct it, or import without --strict: bad records are then counted and left out"


class ArtifactError(HeadwaterError):
    """An artifact could not be saved or loaded."""

    code = "artifact_error"


class Unsaveable(ArtifactError, ValueError):
    """The value cannot be saved."""

    code = "unsaveable"
    status = 422


class PickledArtifact(ArtifactError, PermissionError):
    """The artifact is pickled, and loading it runs code that it names."""

    code = "pickled_artifact"
    status = 403
    hint = "if you trust whoever saved it, say format='joblib'"


class DamagedArtifact(ArtifactError):
    """What is kept is not what was saved."""

    code = "damaged_artifact"
    hint = "restore the file that is named from a backup, or remove it and save the same value again"


class ArtifactsFull(ArtifactError):
    """The disk of the artifacts is full."""

    code = "artifacts_full"
    status = 507
    hint = "free some space, for example with `headwater artifacts gc`, and save again; nothing was half-written"


class ArtifactsUnavailable(ArtifactError, ConnectionError):
    """The place of the artifacts cannot be used."""

    code = "artifacts_unavailable"
    status = 503
    hint = "check HEADWATER_ARTIFACTS and the permissions of what it names"


class StoreError(HeadwaterError):
    """The store failed."""

    code = "store_error"
    status = 500


class StoreUnavailable(StoreError, ConnectionError):
    """The store cannot be reached."""

    code = "store_unavailable"
    status = 503
    hint = "check that the server runs and that the URL is right; what was acknowledged is kept, send the rest again"


class StoreBusy(StoreError, TimeoutError):
    """The store did not answer in time."""

    code = "store_busy"
    status = 503
    hint = "another writer holds it, or the question is too large: try again, or ask with limits"


class QuestionEnded(StoreError, TimeoutError):
    """The question was ended before its answer was there."""

    code = "question_ended"
    status = 504
    hint = "ask with limits"


class GraphMoved(StoreError):
    """A state that the question had found was given another name, or bound anew, before the answer was there."""

    code = "graph_moved"
    status = 503
    hint = "ask again"


class StoreReadOnly(StoreError, PermissionError):
    """The store cannot be written."""

    code = "store_read_only"
    status = 503
    hint = "check the permissions of the file and of its folder"


class StoreFull(StoreError):
    """The disk of the store is full."""

    code = "store_full"
    status = 507
    hint = "free some space and record again; nothing was half-written"


class StoreClosed(StoreError):
    """The store was closed."""

    code = "store_closed"
    hint = "open it again with headwater.connect"


class AuthenticationFailed(StoreError, PermissionError):
    """The server refused the user or the password."""

    code = "authentication_failed"
    status = 502
    hint = "set HEADWATER_NEO4J_USER and HEADWATER_NEO4J_PASSWORD"


class NotAStore(StoreError):
    """What is there is not a Headwater store."""

    code = "not_a_store"
    hint = "name another file, or another database; nothing was changed"


class SchemaTooNew(StoreError):
    """The store was written by a newer Headwater."""

    code = "schema_too_new"
    hint = "upgrade headwater; nothing was changed"


class CorruptStore(StoreError):
    """The store's file is damaged."""

    code = "corrupt_store"
    hint = "restore a backup, or record the facts again into a new store"
