-- name: ingest/boundary(name, lane, since, after, until, most)
-- The last of the next `most` readers in the order of (at, run), where one part of a large re-binding ends; no row when fewer are left.
-- param name: str   the name read
-- param lane: str   '' for binding by time, else the digest
-- param since: datetime   first reading
-- param after: str   runs up to this one are done at `since`
-- param until: datetime | null   last reading
-- param most: int   readers in one part
-- returns: at datetime, run str
-- order: at, run
-- cost: the readers of the part
-- browser: :param name => 'features.csv'
-- browser: :param lane => ''
-- browser: :param since => datetime('2026-01-01T00:00:00Z')
-- browser: :param after => ''
-- browser: :param until => null
-- browser: :param most => 10000
SELECT c.at, r.id FROM consumption AS c JOIN run AS r ON r.key = c.run
WHERE c.name = (SELECT key FROM name WHERE text = :name) AND c.lane = :lane AND c.at >= :since
  AND c.at <= coalesce(:until, 9223372036854775807) AND (c.at > :since OR r.id > :after)
ORDER BY c.at, r.id LIMIT 1 OFFSET :most - 1;
