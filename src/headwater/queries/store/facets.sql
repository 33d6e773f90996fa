-- name: store/facets()
-- All facets, for the digest of the graph.
-- returns: subject str, owner str, name str, key str, value str, at datetime
-- order: id
-- cost: all facets
SELECT f.subject, f.owner, f.name, f.key, f.value, f.at FROM facet AS f ORDER BY f.id;
