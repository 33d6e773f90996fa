-- name: ingest/defer(rows)
-- Write down that the readers of these names from (since, after) to until are still to be bound anew.
-- param rows: rows{id: str, name: str, lane: str, since: datetime, after: str, until: datetime | null}
-- returns: nothing
-- cost: one write a row
-- browser: :param rows => [{id: 'features.csv|', name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z'), after: '', until: null}]
INSERT INTO rebinding(id, name, lane, since, after, until) VALUES (:id, :name, :lane, :since, :after, :until)
ON CONFLICT(id) DO UPDATE SET since = excluded.since, after = excluded.after, until = excluded.until;
