// name: rank/flagged(since, until, pattern, most)
// Produced states that are flagged, newest first.
// param since: datetime   produced at or after
// param until: datetime   produced at or before
// param pattern: str   a regular expression for the whole name, or empty
// param most: int   how many
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: produced_at descending, id descending
// cost: all flagged states
// browser: :param since => datetime('2019-03-01T00:00:00Z')
// browser: :param until => datetime('2019-04-01T00:00:00Z')
// browser: :param pattern => ''
// browser: :param most => 1000
MATCH (p:IOPointer {flagged: true})
WHERE p.produced_at >= $since AND p.produced_at <= $until AND ($pattern = '' OR p.name =~ $pattern)
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased
ORDER BY p.produced_at DESC, p.id DESC LIMIT $most;
