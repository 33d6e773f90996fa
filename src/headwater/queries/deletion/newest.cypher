// name: deletion/newest(names)
// The newest produced state of each of these names, and how many states of the name were produced.
// param names: list[str]   exact names
// returns: name str, id str, run str, produced_at datetime, erased bool, versions int
// cost: one index seek a name, then its states
// browser: :param names => ['predictions.csv']
UNWIND $names AS name
CALL (name) {
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
  WHERE p.name = name AND p.produced_at IS NOT NULL AND p.run IS NOT NULL
  RETURN p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC LIMIT 1
}
RETURN p.name AS name, p.id AS id, p.run AS run, toString(p.produced_at) AS produced_at, p.erased IS NOT NULL AS erased, COUNT {
  MATCH (q:IOPointer) USING INDEX SEEK q:IOPointer(name, produced_at, run)
  WHERE q.name = name AND q.produced_at IS NOT NULL AND q.run IS NOT NULL } AS versions;
