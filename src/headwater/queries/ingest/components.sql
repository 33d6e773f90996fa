-- name: ingest/components(names)
-- What is known of these components.
-- param names: list[str]   names of components
-- returns: name str, description str | null, owner str | null, tags str | null, max_age_us int | null, claims str | null
-- cost: one index seek a component
-- browser: :param names => ['train']
SELECT c.name, c.description, c.owner, c.tags, c.max_age_us, c.claims
FROM json_each(:names) AS i CROSS JOIN component AS c ON c.name = i.value;
