// name: deletion/names()
// Every name of a state, to compare its hash with that of an erased one.
// returns: name str
// cost: all names, on Neo4j all states
MATCH (p:IOPointer) WHERE p.name >= ''
RETURN DISTINCT p.name AS name;
