-- name: ingest/put_states(rows)
-- Write these states of their makers as they now stand.
-- param rows: rows{id: str, name: str, inferred: str, maker: str, type: str | null, digest: str | null, produced_at: datetime | null,
--   started_at: datetime, claims: str | null}
-- returns: nothing
-- cost: two index seeks and one write a state
-- browser: :param rows => [{id: 'features.csv@r1', name: 'features.csv', inferred: 'data', maker: 'r1', started_at: datetime()}]
INSERT OR IGNORE INTO name(text, type) VALUES (:name, :inferred);
INSERT INTO state(id, name, run, maker, type, digest, produced_at, started_at, claims)
VALUES (
  :id, (SELECT key FROM name WHERE text = :name), (SELECT key FROM run WHERE id = :maker), :maker, coalesce(:type, :inferred),
  :digest, :produced_at, :started_at, :claims
)
ON CONFLICT(id) DO UPDATE SET
  run = excluded.run, maker = excluded.maker, type = excluded.type, digest = excluded.digest,
  produced_at = excluded.produced_at, started_at = excluded.started_at, claims = excluded.claims;
