-- name: rank/outputs(since, until, pattern, most)
-- States that runs produced, newest first.
-- param since: datetime   produced at or after
-- param until: datetime   produced at or before
-- param pattern: str   a regular expression for the whole name, or empty
-- param most: int   how many
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: produced_at descending, id descending
-- cost: all states
-- browser: :param since => datetime('2019-03-01T00:00:00Z')
-- browser: :param until => datetime('2019-04-01T00:00:00Z')
-- browser: :param pattern => ''
-- browser: :param most => 1000
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM state AS s JOIN name AS n ON n.key = s.name
WHERE s.produced_at >= :since AND s.produced_at <= :until
  AND (:pattern = '' OR n.text REGEXP :pattern)
ORDER BY s.produced_at DESC, s.id DESC LIMIT :most;
