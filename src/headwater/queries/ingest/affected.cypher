// name: ingest/affected(rows, most)
// Which of these moved states may have readers that answer otherwise now: those from the move up to the second next state.
// (The next one may be the reader's own output; the second next can not.) Lane '' is binding by time, another one by that digest.
// param rows: rows{name: str, lane: str, since: datetime}
// param most: int   count no more readers than this
// returns: name str, lane str, since datetime, until datetime | null, readers int
// cost: a few index hits a move, and the readers up to `most`
// browser: :param rows => [{name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z')}]
// browser: :param most => 10000
UNWIND $rows AS row
WITH row, datetime(row.since) AS since
CALL (row, since) {
  MATCH ()-[c:CONSUMED_BY]->() USING INDEX SEEK c:CONSUMED_BY(name, lane, at, run)
  WHERE c.name = row.name AND c.lane = row.lane AND c.run IS NOT NULL AND c.at >= since
  RETURN c.at AS first LIMIT 1
}
OPTIONAL CALL (row, since) {
  WITH row, since WHERE row.lane = ''
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run) WHERE p.name = row.name AND p.produced_at > since AND p.run IS NOT NULL
  RETURN p.produced_at AS next ORDER BY p.name, p.produced_at SKIP 1 LIMIT 1
}
OPTIONAL CALL (row, since) {
  WITH row, since WHERE row.lane <> ''
  MATCH (d:IOPointer) USING INDEX SEEK d:IOPointer(digest, name, produced_at, run) WHERE d.digest = row.lane AND d.name = row.name AND d.produced_at > since AND d.run IS NOT NULL
  RETURN d.produced_at AS same ORDER BY d.digest, d.name, d.produced_at SKIP 1 LIMIT 1
}
WITH row, since, coalesce(next, same) AS until
CALL (row, since, until) {
  MATCH ()-[c:CONSUMED_BY]->() USING INDEX SEEK c:CONSUMED_BY(name, lane, at, run)
  WHERE c.name = row.name AND c.lane = row.lane AND c.run IS NOT NULL AND c.at >= since AND c.at <= coalesce(until, datetime('9999-12-31T23:59:59.999999Z'))
  WITH c LIMIT $most
  RETURN count(c) AS readers
}
WITH row, since, until, readers WHERE readers > 0
RETURN row.name AS name, row.lane AS lane, since, until, readers;
