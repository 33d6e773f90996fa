-- name: runs/components()
-- All components, by name.
-- returns: name str, description str | null, owner str | null, tags json, max_age_us int | null
-- order: name
-- cost: all components
SELECT name, description, owner, tags, max_age_us FROM component ORDER BY name;
