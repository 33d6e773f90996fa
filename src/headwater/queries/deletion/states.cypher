// name: deletion/states(names, digests)
// Every state of each of these names, produced or not, made by a run or not; every produced one with each of these contents.
// param names: list[str]   exact names
// param digests: list[str]   digests of contents
// returns: id str, name str, digest str | null
// cost: one index seek a name or digest, then its states
// browser: :param names => ['predictions.csv']
// browser: :param digests => []
CALL () {
  UNWIND $names AS name
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name) WHERE p.name = name
  RETURN p
  UNION
  UNWIND $digests AS digest
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(digest, name, produced_at, run)
  WHERE p.digest = digest AND p.name IS NOT NULL AND p.produced_at IS NOT NULL AND p.run IS NOT NULL
  RETURN p
}
RETURN p.id AS id, p.name AS name, p.digest AS digest;
