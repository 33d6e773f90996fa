-- name: ingest/rebind(rows)
-- Bind the readers of these names anew, from (since, after) to (until, upto) in the order of (at, run), and only those that answer otherwise.
-- param rows: rows{name: str, lane: str, since: datetime, after: str, until: datetime | null, upto: str, type: str}
-- returns: nothing
-- cost: a few index hits a reader in the range
-- browser: :param rows => [{name: 'features.csv', lane: '', since: datetime('2026-01-01T00:00:00Z'), after: '', until: null, upto: '~', type: 'data'}]
INSERT OR IGNORE INTO name(text, type) VALUES (:name, :type);
UPDATE consumption AS c SET state = CASE WHEN :lane = '' THEN (
    SELECT s.key FROM state AS s JOIN run AS r ON r.key = c.run
    WHERE s.name = c.name AND s.produced_at <= c.at AND s.maker <> r.id
      AND (s.produced_at < c.at OR (s.started_at, s.maker) < (r.started_at, r.id))
    ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
  ELSE (
    SELECT s.key FROM state AS s JOIN run AS r ON r.key = c.run
    WHERE s.digest = :lane AND s.name = c.name AND s.produced_at <= c.at AND s.maker <> r.id
      AND (s.produced_at < c.at OR (s.started_at, s.maker) < (r.started_at, r.id))
    ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
  END
WHERE c.name = (SELECT key FROM name WHERE text = :name) AND c.lane = :lane AND c.at >= :since
  AND c.at <= coalesce(:until, 9223372036854775807)
  AND (c.at > :since OR :after = '' OR (SELECT id FROM run WHERE key = c.run) > :after)
  AND (c.at < :until OR :until IS NULL OR (SELECT id FROM run WHERE key = c.run) <= :upto);
INSERT OR IGNORE INTO state(id, name, type, digest)
SELECT n.text || '@external' || CASE c.lane WHEN '' THEN '' ELSE ':' || c.lane END, n.key, n.type, nullif(c.lane, '')
FROM consumption AS c JOIN name AS n ON n.key = c.name WHERE c.state IS NULL;
UPDATE consumption AS c SET state = (
  SELECT s.key FROM name AS n
  JOIN state AS s ON s.id = n.text || '@external' || CASE c.lane WHEN '' THEN '' ELSE ':' || c.lane END WHERE n.key = c.name)
WHERE c.state IS NULL;
