// name: trace/search(text, most)
// The newest state of each name that contains a text in any case, by name.
// param text: str   text in lower case
// param most: int   how many names
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: name
// cost: all names, on Neo4j all states by name, until enough are found; sorts the states of a name that no run produced
// browser: :param text => 'pred'
// browser: :param most => 20
MATCH (q:IOPointer) USING INDEX q:IOPointer(name)
WHERE q.name IS NOT NULL AND toLower(q.name) CONTAINS $text
WITH DISTINCT q.name AS name ORDER BY name LIMIT $most
OPTIONAL CALL (name) {
  MATCH (n:IOPointer) USING INDEX SEEK n:IOPointer(name, produced_at, run)
  WHERE n.name = name AND n.produced_at IS NOT NULL AND n.run IS NOT NULL
  RETURN n ORDER BY n.name DESC, n.produced_at DESC, n.run DESC LIMIT 1
}
OPTIONAL CALL (name, n) {
  WITH name, n WHERE n IS NULL
  MATCH (u:IOPointer) USING INDEX SEEK u:IOPointer(name) WHERE u.name = name
  RETURN u ORDER BY coalesce(u.run, '') DESC, u.id DESC LIMIT 1
}
WITH name, coalesce(n, u) AS p
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased ORDER BY name;
