// name: trace/resolve(reference, at)
// The states that a reference may mean, best first: the newest produced one of the name, the state with the id, the newest with the
// digest, an unfinished one of the name, an external one.
// param reference: str   a name, a state id or a digest
// param at: datetime   states produced later do not count
// returns: rank int, id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json
// order: rank
// cost: five index seeks
// browser: :param reference => 'predictions.csv'
// browser: :param at => datetime()
CALL () {
  MATCH (p:IOPointer) WHERE p.name = $reference AND p.produced_at <= $at
  RETURN 1 AS rank, p ORDER BY p.name DESC, p.produced_at DESC, p.run DESC LIMIT 1
  UNION ALL
  MATCH (p:IOPointer {id: $reference})
  RETURN 2 AS rank, p
  UNION ALL
  MATCH (p:IOPointer) WHERE p.digest = $reference AND p.produced_at <= $at
  RETURN 3 AS rank, p ORDER BY p.produced_at DESC, p.run DESC LIMIT 1
  UNION ALL
  MATCH (p:IOPointer) WHERE p.name = $reference AND p.produced_at IS NULL AND p.run IS NOT NULL AND p.started_at <= $at
  RETURN 4 AS rank, p ORDER BY p.run DESC LIMIT 1
  UNION ALL
  MATCH (p:IOPointer) WHERE p.name = $reference AND p.produced_at IS NULL AND p.run IS NULL
  RETURN 5 AS rank, p ORDER BY p.id DESC LIMIT 1
}
RETURN rank, p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  p.produced_at AS produced_at, p.flagged AS flagged, p.labels AS labels ORDER BY rank;
