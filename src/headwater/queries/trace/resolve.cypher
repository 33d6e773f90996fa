// name: trace/resolve(reference, at)
// The states that a reference may mean, best first: the newest produced one of the name, the state with the id, the newest with the
// digest; for a name that no run had produced by then, an unfinished one, an external one.
// param reference: str   a name, a state id or a digest
// param at: datetime   states produced later do not count
// returns: rank int, id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: rank
// cost: three index seeks; sorts the states with the digest, and those of a name that no run had produced
// browser: :param reference => 'predictions.csv'
// browser: :param at => datetime()
CALL () {
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name, produced_at, run)
  WHERE p.name = $reference AND p.produced_at <= $at AND p.run IS NOT NULL
  RETURN 1 AS rank, p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC LIMIT 1
  UNION ALL
  MATCH (p:IOPointer {id: $reference})
  RETURN 2 AS rank, p
  UNION ALL
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(digest, name, produced_at, run)
  WHERE p.digest = $reference AND p.name IS NOT NULL AND p.produced_at <= $at AND p.run IS NOT NULL
  RETURN 3 AS rank, p ORDER BY p.produced_at DESC, p.run DESC LIMIT 1
  UNION ALL
  WITH $reference AS name WHERE NOT EXISTS { MATCH (q:IOPointer) USING INDEX SEEK q:IOPointer(name, produced_at, run)
    WHERE q.name = name AND q.produced_at <= $at AND q.run IS NOT NULL }
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name)
  WHERE p.name = name AND p.produced_at IS NULL AND p.run IS NOT NULL AND p.started_at <= $at
  RETURN 4 AS rank, p ORDER BY p.run DESC LIMIT 1
  UNION ALL
  WITH $reference AS name WHERE NOT EXISTS { MATCH (q:IOPointer) USING INDEX SEEK q:IOPointer(name, produced_at, run)
    WHERE q.name = name AND q.produced_at <= $at AND q.run IS NOT NULL }
  MATCH (p:IOPointer) USING INDEX SEEK p:IOPointer(name)
  WHERE p.name = name AND p.produced_at IS NULL AND p.run IS NULL
  RETURN 5 AS rank, p ORDER BY p.id DESC LIMIT 1
}
RETURN rank, p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased ORDER BY rank;
