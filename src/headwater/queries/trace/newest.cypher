// name: trace/newest(names)
// The newest produced state of each of these names.
// param names: list[str]   exact names
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// cost: one index seek a name
// browser: :param names => ['predictions.csv']
UNWIND $names AS name
CALL (name) {
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
  WHERE p.name = name AND p.produced_at IS NOT NULL AND p.run IS NOT NULL
  RETURN p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC LIMIT 1
}
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased;
