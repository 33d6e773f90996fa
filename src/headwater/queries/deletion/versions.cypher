// name: deletion/versions(names)
// Every produced state of each of these names.
// param names: list[str]   exact names
// returns: id str, name str, run str, produced_at datetime, erased bool
// cost: one index seek a name, then its states
// browser: :param names => ['predictions.csv']
UNWIND $names AS name
MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
WHERE p.name = name AND p.produced_at IS NOT NULL AND p.run IS NOT NULL
RETURN p.id AS id, p.name AS name, p.run AS run, toString(p.produced_at) AS produced_at, p.erased IS NOT NULL AS erased;
