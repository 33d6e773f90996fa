-- name: ingest/name_states(rows)
-- Make sure that these states, of which only the id is known, exist.
-- param rows: rows{id: str, name: str, type: str, digest: str | null}
-- returns: nothing
-- cost: one index seek a state
-- browser: :param rows => [{id: 'features.csv@r9', name: 'features.csv', type: 'data', digest: null}]
INSERT OR IGNORE INTO name(text, type) VALUES (:name, :type);
INSERT OR IGNORE INTO state(id, name, type, digest) VALUES (:id, (SELECT key FROM name WHERE text = :name), :type, :digest);
