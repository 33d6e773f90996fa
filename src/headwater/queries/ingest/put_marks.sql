-- name: ingest/put_marks(rows)
-- Show on these states and runs what their annotations come to.
-- param rows: rows{id: str, flagged: bool, labels: str | null}
-- returns: nothing
-- cost: two index seeks a target
-- browser: :param rows => [{id: 'predictions.csv@r3', flagged: true, labels: null}]
UPDATE state SET flagged = :flagged, labels = :labels WHERE id = :id;
UPDATE run SET flagged = :flagged, labels = :labels WHERE id = :id;
