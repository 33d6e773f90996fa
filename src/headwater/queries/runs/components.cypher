// name: runs/components()
// All components, by name.
// returns: name str, description str | null, owner str | null, tags json, max_age_us int | null
// order: name
// cost: all components
MATCH (c:Component)
RETURN c.name AS name, c.description AS description, c.owner AS owner, c.tags AS tags, c.max_age_us AS max_age_us
ORDER BY c.name;
