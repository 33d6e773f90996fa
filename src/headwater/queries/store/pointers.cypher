// name: store/pointers()
// All pointers by id, for the digest of the graph.
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: id
// cost: all states
MATCH (p:IOPointer) WHERE p.id >= ''
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  p.produced_at AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased
ORDER BY p.id;
