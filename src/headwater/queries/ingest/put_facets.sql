-- name: ingest/put_facets(rows)
-- Keep these facets; of two values of one facet the later stays, of two at one time the greater text.
-- param rows: rows{id: str, subject: str, owner: str, name: str, key: str, value: str, at: datetime}
-- returns: nothing
-- cost: one index seek and at most one write a facet
-- browser: :param rows => [{id: 'f1', subject: 'run', owner: 'r3', name: '', key: 'host', value: '"node-7"', at: datetime()}]
INSERT INTO facet(id, subject, owner, name, key, value, at) VALUES (:id, :subject, :owner, :name, :key, :value, :at)
ON CONFLICT(id) DO UPDATE SET value = excluded.value, at = excluded.at
WHERE (excluded.at, excluded.value) > (facet.at, facet.value);
