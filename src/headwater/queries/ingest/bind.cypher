// name: ingest/bind(rows)
// Tie what runs claim to have read to the states that the rules give: by id, by digest, else the newest before the reading.
// Where no state answers, the external one is made.
// param rows: rows{run: str, started_at: datetime, name: str, type: str, claim: str, lane: str | null, at: datetime,
//   wanted: str | null}
// returns: nothing
// cost: a few index hits a claim, whatever the number of readers and states of the name
// browser: :param rows => [{run: 'r2', started_at: datetime(), name: 'features.csv', type: 'data', claim: '|', lane: '', at: datetime()}]
UNWIND $rows AS row
WITH row, datetime(row.at) AS at, datetime(row.started_at) AS started_at
MATCH (r:ComponentRun {id: row.run})
OPTIONAL CALL (row, at, started_at) {
  WITH row, at, started_at WHERE row.lane = ''
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
  WHERE p.name = row.name AND p.produced_at <= at AND p.run <> row.run AND p.run IS NOT NULL
    AND CASE WHEN p.produced_at < at THEN true WHEN p.started_at = started_at THEN p.run < row.run ELSE p.started_at < started_at END
  RETURN p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC LIMIT 1
}
OPTIONAL CALL (row, at, started_at) {
  WITH row, at, started_at WHERE row.lane <> ''
  MATCH (d:IOPointer) USING INDEX SEEK d:IOPointer(digest, name, produced_at, run)
  WHERE d.digest = row.lane AND d.name = row.name AND d.produced_at <= at AND d.run <> row.run AND d.run IS NOT NULL
    AND CASE WHEN d.produced_at < at THEN true WHEN d.started_at = started_at THEN d.run < row.run ELSE d.started_at < started_at END
  RETURN d ORDER BY d.digest DESC, d.name DESC, d.produced_at DESC, d.run DESC LIMIT 1
}
WITH row, at, r, coalesce(p.id, d.id, row.wanted,
  row.name + '@external' + CASE row.lane WHEN '' THEN '' ELSE ':' + row.lane END) AS state
MERGE (s:IOPointer {id: state})
ON CREATE SET s.name = row.name, s.type = row.type, s.flagged = false, s.digest = CASE row.lane WHEN '' THEN null ELSE row.lane END
CREATE (s)-[:CONSUMED_BY {name: row.name, claim: row.claim, lane: row.lane, at: at, run: row.run}]->(r);
