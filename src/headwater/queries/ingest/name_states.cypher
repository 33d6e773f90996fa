// name: ingest/name_states(rows)
// Make sure that these states, of which only the id is known, exist.
// param rows: rows{id: str, name: str, type: str, digest: str | null}
// returns: nothing
// cost: one index seek a state
// browser: :param rows => [{id: 'features.csv@r9', name: 'features.csv', type: 'data', digest: null}]
UNWIND $rows AS row
MERGE (p:IOPointer {id: row.id})
ON CREATE SET p.name = row.name, p.type = row.type, p.digest = row.digest, p.flagged = false;
