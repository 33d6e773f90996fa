// name: runs/facets(owners)
// What is kept beside runs, their inputs and outputs, and beside components.
// param owners: list[str]   ids of runs, names of components
// returns: subject str, owner str, name str, key str, value str, at datetime
// order: id
// cost: one index seek an owner
// browser: :param owners => ['r3', 'train']
UNWIND $owners AS owner
MATCH (f:Facet {owner: owner}) USING INDEX SEEK f:Facet(owner)
RETURN f.subject AS subject, f.owner AS owner, f.name AS name, f.key AS key, f.value AS value, toString(f.at) AS at
ORDER BY f.id;
