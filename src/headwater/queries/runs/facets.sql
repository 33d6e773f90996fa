-- name: runs/facets(owners)
-- What is kept beside runs, their inputs and outputs, and beside components.
-- param owners: list[str]   ids of runs, names of components
-- returns: subject str, owner str, name str, key str, value str, at datetime
-- order: id
-- cost: one index seek an owner
-- browser: :param owners => ['r3', 'train']
SELECT f.subject, f.owner, f.name, f.key, f.value, f.at
FROM json_each(:owners) AS i CROSS JOIN facet AS f ON f.owner = i.value
ORDER BY f.id;
