// name: deletion/runs_naming(names)
// The runs that read or wrote one of these names.
// param names: list[str]   names that are erased
// returns: run str
// cost: one index seek a name, then its states and their readers
// browser: :param names => ['clients/c42/profile.json']
UNWIND $names AS name
MATCH (p:IOPointer {name: name})-[c:CONSUMED_BY]->() USING INDEX SEEK p:IOPointer(name)
RETURN DISTINCT c.run AS run
UNION
UNWIND $names AS name
MATCH (p:IOPointer {name: name}) USING INDEX SEEK p:IOPointer(name) WHERE p.run IS NOT NULL
RETURN DISTINCT p.run AS run;
