// name: store/facets()
// All facets, for the digest of the graph.
// returns: subject str, owner str, name str, key str, value str, at datetime
// order: id
// cost: all facets
MATCH (f:Facet)
WHERE f.id >= ''
RETURN f.subject AS subject, f.owner AS owner, f.name AS name, f.key AS key, f.value AS value, toString(f.at) AS at
ORDER BY f.id;
