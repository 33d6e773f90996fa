// name: ingest/defer(rows)
// Write down that the readers of these names from (since, after) to until are still to be bound anew.
// param rows: rows{id: str, name: str, lane: str, since: datetime, after: str, until: datetime | null}
// returns: nothing
// cost: one write a row
// browser: :param rows => [{id: 'features.csv|', name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z'), after: '', until: null}]
UNWIND $rows AS row
MERGE (b:Rebinding {id: row.id})
SET b.name = row.name, b.lane = row.lane, b.since = datetime(row.since), b.after = row.after, b.until = datetime(row.until);
