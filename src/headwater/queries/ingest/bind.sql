-- name: ingest/bind(rows)
-- Tie what runs claim to have read to the states that the rules give: by id, by digest, else the newest before the reading.
-- Where no state answers, the external one is made.
-- param rows: rows{run: str, started_at: datetime, name: str, type: str, claim: str, lane: str | null, at: datetime,
--   wanted: str | null}
-- returns: nothing
-- cost: a few index hits a claim, whatever the number of readers and states of the name
-- browser: :param rows => [{run: 'r2', started_at: datetime(), name: 'features.csv', type: 'data', claim: '|', lane: '', at: datetime()}]
INSERT OR IGNORE INTO name(text, type) VALUES (:name, :type);
INSERT INTO consumption(run, name, claim, lane, at, state)
SELECT r.key, n.key, :claim, :lane, :at, CASE
  WHEN :lane IS NULL THEN (SELECT s.key FROM state AS s WHERE s.id = :wanted)
  WHEN :lane = '' THEN (
    SELECT s.key FROM state AS s
    WHERE s.name = n.key AND s.produced_at <= :at AND s.maker <> :run
      AND (s.produced_at < :at OR (s.started_at, s.maker) < (:started_at, :run))
    ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
  ELSE (
    SELECT s.key FROM state AS s
    WHERE s.digest = :lane AND s.name = n.key AND s.produced_at <= :at AND s.maker <> :run
      AND (s.produced_at < :at OR (s.started_at, s.maker) < (:started_at, :run))
    ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
  END
FROM run AS r, name AS n WHERE r.id = :run AND n.text = :name
ON CONFLICT(run, name, claim) DO UPDATE SET at = excluded.at, state = excluded.state;
INSERT OR IGNORE INTO state(id, name, type, digest)
SELECT n.text || '@external' || CASE c.lane WHEN '' THEN '' ELSE ':' || c.lane END, n.key, n.type, nullif(c.lane, '')
FROM consumption AS c JOIN name AS n ON n.key = c.name WHERE c.state IS NULL;
UPDATE consumption AS c SET state = (
  SELECT s.key FROM name AS n
  JOIN state AS s ON s.id = n.text || '@external' || CASE c.lane WHEN '' THEN '' ELSE ':' || c.lane END WHERE n.key = c.name)
WHERE c.state IS NULL;
