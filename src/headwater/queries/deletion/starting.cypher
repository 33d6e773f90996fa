// name: deletion/starting(prefixes)
// The names that begin with one of these texts, each once.
// param prefixes: list[str]   exact beginnings; an empty one asks for all names
// returns: name str
// cost: one index seek a beginning, then the states of those names
// browser: :param prefixes => ['clients/c42/']
UNWIND $prefixes AS prefix
MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name) WHERE p.name STARTS WITH prefix
RETURN DISTINCT p.name AS name;
