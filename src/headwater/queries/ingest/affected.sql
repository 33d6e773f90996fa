-- name: ingest/affected(rows, most)
-- Which of these moved states may have readers that answer otherwise now: those from the move up to the second next state.
-- (The next one may be the reader's own output; the second next can not.) Lane '' is binding by time, another one by that digest.
-- param rows: rows{name: str, lane: str, since: datetime}
-- param most: int   count no more readers than this
-- returns: name str, lane str, since datetime, until datetime | null, readers int
-- cost: a few index hits a move, and the readers up to `most`
-- browser: :param rows => [{name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z')}]
-- browser: :param most => 10000
WITH move(name, until) AS (
  SELECT n.key, CASE WHEN :lane = '' THEN (
    SELECT s.produced_at FROM state AS s WHERE s.name = n.key AND s.produced_at > :since ORDER BY s.produced_at LIMIT 1 OFFSET 1)
  ELSE (
    SELECT s.produced_at FROM state AS s WHERE s.digest = :lane AND s.name = n.key AND s.produced_at > :since
    ORDER BY s.produced_at LIMIT 1 OFFSET 1)
  END
  FROM name AS n WHERE n.text = :name),
reader(until, readers) AS (
  SELECT until, (SELECT count(*) FROM (
    SELECT 1 FROM consumption AS c
    WHERE c.name = move.name AND c.lane = :lane AND c.at >= :since AND c.at <= coalesce(until, 9223372036854775807) LIMIT :most))
  FROM move)
SELECT :name, :lane, :since, until, readers FROM reader WHERE readers > 0;
