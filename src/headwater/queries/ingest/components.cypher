// name: ingest/components(names)
// What is known of these components.
// param names: list[str]   names of components
// returns: name str, description str | null, owner str | null, tags str | null, max_age_us int | null, claims str | null
// cost: one index seek a component
// browser: :param names => ['train']
UNWIND $names AS name
MATCH (c:Component {name: name})
RETURN c.name AS name, c.description AS description, c.owner AS owner, c.tags AS tags, c.max_age_us AS max_age_us,
  c.claims AS claims;
