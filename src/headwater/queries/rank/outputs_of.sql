-- name: rank/outputs_of(components, since, until, pattern, most)
-- States that runs of these components produced, newest first.
-- param components: list[str]   names of components
-- param since: datetime   produced at or after
-- param until: datetime   produced at or before
-- param pattern: str   a regular expression for the whole name, or empty
-- param most: int   how many
-- returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
-- order: produced_at descending, id descending
-- cost: the runs of the components that started in the time before `until`
-- browser: :param components => ['predict']
-- browser: :param since => datetime('2019-03-01T00:00:00Z')
-- browser: :param until => datetime('2019-04-01T00:00:00Z')
-- browser: :param pattern => ''
-- browser: :param most => 1000
SELECT s.id, n.text, s.type, s.digest, s.maker, s.produced_at, s.flagged, s.labels, s.erased
FROM json_each(:components) AS i CROSS JOIN run AS r ON r.component = i.value AND r.started_at <= :until
JOIN state AS s ON s.run = r.key JOIN name AS n ON n.key = s.name
WHERE s.produced_at >= :since AND s.produced_at <= :until
  AND (:pattern = '' OR n.text REGEXP :pattern)
ORDER BY s.produced_at DESC, s.id DESC LIMIT :most;
