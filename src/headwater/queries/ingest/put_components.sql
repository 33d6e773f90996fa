-- name: ingest/put_components(rows)
-- Write these components as they now stand.
-- param rows: rows{name: str, description: str | null, owner: str | null, tags: str | null, max_age_us: int | null, claims: str}
-- returns: nothing
-- cost: one index seek and one write a component
-- browser: :param rows => [{name: 'train', description: 'Fits the model.', owner: 'ml', tags: '["nightly"]', claims: '{}'}]
INSERT INTO component(name, description, owner, tags, max_age_us, claims)
VALUES (:name, :description, :owner, :tags, :max_age_us, :claims)
ON CONFLICT(name) DO UPDATE SET
  description = excluded.description, owner = excluded.owner, tags = excluded.tags, max_age_us = excluded.max_age_us,
  claims = excluded.claims;
