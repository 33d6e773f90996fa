// name: ingest/put_states(rows)
// Write these states of their makers as they now stand.
// param rows: rows{id: str, name: str, inferred: str, maker: str, type: str | null, digest: str | null, produced_at: datetime | null,
//   started_at: datetime, claims: str | null}
// returns: nothing
// cost: two index seeks and one write a state
// browser: :param rows => [{id: 'features.csv@r1', name: 'features.csv', inferred: 'data', maker: 'r1', started_at: datetime()}]
UNWIND $rows AS row
MATCH (r:ComponentRun {id: row.maker})
MERGE (p:IOPointer {id: row.id})
ON CREATE SET p.flagged = false
SET p.name = row.name, p.run = row.maker, p.type = coalesce(row.type, row.inferred), p.digest = row.digest,
  p.produced_at = datetime(row.produced_at), p.started_at = datetime(row.started_at), p.claims = row.claims
MERGE (r)-[:PRODUCED]->(p);
