// name: deletion/versions(names)
// The produced states of each of these names that are not erased, the newest first.
// param names: list[str]   exact names
// returns: name str, ids list[str]
// cost: one index seek a name, then its states
// browser: :param names => ['predictions.csv']
UNWIND $names AS name
CALL (name) {
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
  WHERE p.name = name AND p.produced_at IS NOT NULL AND p.run IS NOT NULL AND p.erased IS NULL
  WITH p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC
  RETURN collect(p.id) AS ids
}
WITH name, ids WHERE size(ids) > 0
RETURN name, ids;
