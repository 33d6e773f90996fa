// name: ingest/put_marks(rows)
// Show on these states and runs what their annotations and erasures come to.
// param rows: rows{id: str, flagged: bool, labels: str | null, erased: str | null}
// returns: nothing
// cost: two index seeks a target
// browser: :param rows => [{id: 'predictions.csv@r3', flagged: true, labels: null, erased: null}]
UNWIND $rows AS row
OPTIONAL MATCH (p:IOPointer {id: row.id})
OPTIONAL MATCH (r:ComponentRun {id: row.id})
FOREACH (node IN [n IN [p, r] WHERE n IS NOT NULL] | SET node.flagged = row.flagged, node.labels = row.labels, node.erased = row.erased);
