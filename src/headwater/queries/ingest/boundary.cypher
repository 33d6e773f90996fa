// name: ingest/boundary(name, lane, since, after, until, most)
// The last of the next `most` readers in the order of (at, run), where one part of a large re-binding ends; no row when fewer are left.
// param name: str   the name read
// param lane: str   '' for binding by time, else the digest
// param since: datetime   first reading
// param after: str   runs up to this one are done at `since`
// param until: datetime | null   last reading
// param most: int   readers in one part
// returns: at datetime, run str
// order: at, run
// cost: the readers of the part
// browser: :param name => 'features.csv'
// browser: :param lane => ''
// browser: :param since => datetime('2026-01-01T00:00:00Z')
// browser: :param after => ''
// browser: :param until => null
// browser: :param most => 10000
MATCH ()-[c:CONSUMED_BY]->() USING INDEX SEEK c:CONSUMED_BY(name, lane, at, run)
WHERE c.name = $name AND c.lane = $lane AND c.at >= $since
  AND c.at <= coalesce($until, datetime('9999-12-31T23:59:59.999999Z')) AND c.run IS NOT NULL
  AND CASE c.at WHEN $since THEN c.run > $after ELSE true END
RETURN c.at AS at, c.run AS run ORDER BY c.name, c.lane, c.at, c.run SKIP $most - 1 LIMIT 1;
