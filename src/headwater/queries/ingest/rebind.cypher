// name: ingest/rebind(rows)
// Bind the readers of these names anew, from (since, after) to (until, upto) in the order of (at, run), and only those that answer otherwise.
// param rows: rows{name: str, lane: str, since: datetime, after: str, until: datetime | null, upto: str, type: str}
// returns: nothing
// cost: a few index hits a reader in the range
// browser: :param rows => [{name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z'), after: '', until: null, upto: '~', type: 'data'}]
UNWIND $rows AS row
WITH row, datetime(row.since) AS since, datetime(row.until) AS until
MATCH (old:IOPointer)-[c:CONSUMED_BY]->(r:ComponentRun) USING INDEX SEEK c:CONSUMED_BY(name, lane, at, run)
WHERE c.name = row.name AND c.lane = row.lane AND c.at >= since
  AND c.at <= coalesce(until, datetime('9999-12-31T23:59:59.999999Z'))
  AND c.run IS NOT NULL
  AND CASE c.at WHEN since THEN c.run > row.after ELSE true END AND CASE c.at WHEN until THEN c.run <= row.upto ELSE true END
OPTIONAL CALL (row, c, r) {
  WITH row, c, r WHERE row.lane = ''
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
  WHERE p.name = row.name AND p.produced_at <= c.at AND p.run <> r.id AND p.run IS NOT NULL
    AND CASE WHEN p.produced_at < c.at THEN true WHEN p.started_at = r.started_at THEN p.run < r.id ELSE p.started_at < r.started_at END
  RETURN p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC LIMIT 1
}
OPTIONAL CALL (row, c, r) {
  WITH row, c, r WHERE row.lane <> ''
  MATCH (d:IOPointer) USING INDEX SEEK d:IOPointer(digest, name, produced_at, run)
  WHERE d.digest = row.lane AND d.name = row.name AND d.produced_at <= c.at AND d.run <> r.id AND d.run IS NOT NULL
    AND CASE WHEN d.produced_at < c.at THEN true WHEN d.started_at = r.started_at THEN d.run < r.id ELSE d.started_at < r.started_at END
  RETURN d ORDER BY d.digest DESC, d.name DESC, d.produced_at DESC, d.run DESC LIMIT 1
}
WITH row, c, r, old, coalesce(p.id, d.id,
  row.name + '@external' + CASE row.lane WHEN '' THEN '' ELSE ':' + row.lane END) AS state
WHERE old.id <> state
// A reader may stand in the ranges of two rows: one edge takes the place of one.
WITH DISTINCT c, r, state, row.name AS name, row.type AS type, row.lane AS lane, c.claim AS claim, c.at AS at
MERGE (s:IOPointer {id: state})
ON CREATE SET s.name = name, s.type = type, s.flagged = false, s.digest = CASE lane WHEN '' THEN null ELSE lane END
CREATE (s)-[:CONSUMED_BY {name: name, claim: claim, lane: lane, at: at, run: r.id}]->(r)
DELETE c;
