-- name: ingest/put_marks(rows)
-- Show on these states and runs what their annotations and erasures come to.
-- param rows: rows{id: str, flagged: bool, labels: str | null, erased: str | null}
-- returns: nothing
-- cost: two index seeks a target
-- browser: :param rows => [{id: 'predictions.csv@r3', flagged: true, labels: null, erased: null}]
UPDATE state SET flagged = :flagged, labels = :labels, erased = :erased WHERE id = :id;
UPDATE run SET flagged = :flagged, labels = :labels, erased = :erased WHERE id = :id;
