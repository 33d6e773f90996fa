// name: trace/search(text, most)
// The newest state of each name that contains a text in any case, by name.
// param text: str   text in lower case
// param most: int   how many names
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json
// order: name
// cost: all names are read until enough are found
// browser: :param text => 'pred'
// browser: :param most => 20
MATCH (q:IOPointer) WHERE toLower(q.name) CONTAINS $text
WITH DISTINCT q.name AS name ORDER BY name LIMIT $most
CALL (name) {
  MATCH (p:IOPointer) WHERE p.name = name
  RETURN p ORDER BY coalesce(p.produced_at, datetime('0001-01-01T00:00:00Z')) DESC, coalesce(p.run, '') DESC, p.id DESC LIMIT 1
}
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  p.produced_at AS produced_at, p.flagged AS flagged, p.labels AS labels ORDER BY name;
