-- name: ingest/bind(rows)
-- Tie what runs claim to have read to the states that the rules give: by id, by digest, else the newest before the reading.
-- Where no state answers, the external one is made.
-- param rows: rows{run: str, started_at: datetime, name: str, type: str, claim: str, lane: str | null, at: datetime,
--   wanted: str | null}
-- returns: nothing
-- cost: a few index hits a claim, whatever the number of readers and states of the name
-- browser: :param rows => [{run: 'r2', started_at: datetime(), name: 'features.csv', type: 'data', claim: '|', lane: '', at: datetime()}]
CREATE TEMP TABLE IF NOT EXISTS claimed (
  run TEXT, started_at INTEGER, name TEXT, type TEXT, claim TEXT, lane TEXT, at INTEGER, wanted TEXT, state INTEGER);
INSERT INTO claimed(run, started_at, name, type, claim, lane, at, wanted)
VALUES (:run, :started_at, :name, :type, :claim, :lane, :at, :wanted);
INSERT OR IGNORE INTO name(text, type) SELECT name, type FROM claimed;
UPDATE claimed AS c SET state = CASE
  WHEN lane IS NULL THEN (SELECT s.key FROM state AS s WHERE s.id = c.wanted)
  WHEN lane = '' THEN (
    SELECT s.key FROM state AS s
    WHERE s.name = (SELECT key FROM name WHERE text = c.name) AND s.produced_at <= c.at AND s.maker <> c.run
      AND (s.produced_at < c.at OR (s.started_at, s.maker) < (c.started_at, c.run))
    ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
  ELSE (
    SELECT s.key FROM state AS s
    WHERE s.digest = c.lane AND s.name = (SELECT key FROM name WHERE text = c.name) AND s.produced_at <= c.at AND s.maker <> c.run
      AND (s.produced_at < c.at OR (s.started_at, s.maker) < (c.started_at, c.run))
    ORDER BY s.produced_at DESC, s.maker DESC LIMIT 1)
  END;
INSERT OR IGNORE INTO state(id, name, type, digest)
SELECT c.name || '@external' || CASE c.lane WHEN '' THEN '' ELSE ':' || c.lane END, n.key, n.type, nullif(c.lane, '')
FROM claimed AS c CROSS JOIN name AS n ON n.text = c.name WHERE c.state IS NULL;
UPDATE claimed AS c SET state = (
  SELECT s.key FROM state AS s WHERE s.id = c.name || '@external' || CASE c.lane WHEN '' THEN '' ELSE ':' || c.lane END)
WHERE c.state IS NULL;
INSERT INTO consumption(run, name, claim, lane, at, state)
SELECT r.key, n.key, c.claim, c.lane, c.at, c.state
FROM claimed AS c CROSS JOIN run AS r ON r.id = c.run CROSS JOIN name AS n ON n.text = c.name WHERE true
ON CONFLICT(run, name, claim) DO UPDATE SET at = excluded.at, state = excluded.state;
DELETE FROM claimed;
