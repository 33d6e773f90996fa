-- name: ingest/affected(rows, most)
-- Which of these moved states may have readers that answer otherwise now: those from the move up to the second next state.
-- (The next one may be the reader's own output; the second next can not.) Lane '' is binding by time, another one by that digest.
-- param rows: rows{name: str, lane: str, since: datetime}
-- param most: int   count no more readers than this
-- returns: name str, lane str, since datetime, until datetime | null, readers int
-- cost: a few index hits a move, and the readers up to `most`
-- browser: :param rows => [{name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z')}]
-- browser: :param most => 10000
CREATE TEMP TABLE IF NOT EXISTS moved (name TEXT, lane TEXT, since INTEGER);
DELETE FROM moved;
INSERT INTO moved(name, lane, since) VALUES (:name, :lane, :since);
WITH move(name, text, lane, since, until) AS (
  SELECT n.key, n.text, m.lane, m.since, CASE WHEN m.lane = '' THEN (
    SELECT s.produced_at FROM state AS s WHERE s.name = n.key AND s.produced_at > m.since ORDER BY s.produced_at LIMIT 1 OFFSET 1)
  ELSE (
    SELECT s.produced_at FROM state AS s WHERE s.digest = m.lane AND s.name = n.key AND s.produced_at > m.since
    ORDER BY s.produced_at LIMIT 1 OFFSET 1)
  END
  FROM moved AS m CROSS JOIN name AS n ON n.text = m.name
  WHERE EXISTS (SELECT 1 FROM consumption AS c WHERE c.name = n.key AND c.lane = m.lane AND c.at >= m.since)),
reader(text, lane, since, until, readers) AS (
  SELECT text, lane, since, until, (SELECT count(*) FROM (
    SELECT 1 FROM consumption AS c
    WHERE c.name = move.name AND c.lane = move.lane AND c.at >= move.since AND c.at <= coalesce(move.until, 9223372036854775807) LIMIT :most))
  FROM move)
SELECT text, lane, since, until, readers FROM reader WHERE readers > 0;
