// name: store/holders(digests)
// The states that have one of these contents.
// param digests: list[str]   digests of contents
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: digest, id
// cost: one index seek a digest, then the states that have it
// browser: :param digests => ['sha256:0']
UNWIND $digests AS digest
MATCH (p:IOPointer {digest: digest}) USING INDEX SEEK p:IOPointer(digest)
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased
ORDER BY p.digest, p.id;
