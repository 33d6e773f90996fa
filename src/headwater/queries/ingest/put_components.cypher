// name: ingest/put_components(rows)
// Write these components as they now stand.
// param rows: rows{name: str, description: str | null, owner: str | null, tags: str | null, max_age_us: int | null, claims: str}
// returns: nothing
// cost: one index seek and one write a component
// browser: :param rows => [{name: 'train', description: 'Fits the model.', owner: 'ml', tags: '["nightly"]', claims: '{}'}]
UNWIND $rows AS row
MERGE (c:Component {name: row.name})
SET c.description = row.description, c.owner = row.owner, c.tags = row.tags, c.max_age_us = row.max_age_us,
  c.claims = row.claims;
