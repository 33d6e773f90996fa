-- name: metrics/between(series, since, below, most)
-- The first joined rows of a series from one place on and below another.
-- param series: str   id of the series
-- param since: str   a place
-- param below: str   a place
-- param most: int   how many
-- returns: place str, output json, label json, id str, run str | null
-- order: place
-- cost: one index seek, then those rows
-- browser: :param series => '5f0c'
-- browser: :param since => '2026-01-01'
-- browser: :param below => '2026-02-01'
-- browser: :param most => 1000
SELECT o.place, o.output, o.label, o.key, o.run FROM observation AS o
WHERE o.series = :series AND o.place >= :since AND o.place < :below ORDER BY o.place LIMIT :most;
