-- name: metrics/before(series, below, most)
-- The last joined rows of a series below a place, the last one first.
-- param series: str   id of the series
-- param below: str   a place
-- param most: int   how many
-- returns: place str, output json, label json, id str, run str | null
-- order: place descending
-- cost: one index seek, then those rows
-- browser: :param series => '5f0c'
-- browser: :param below => '2026-02-01'
-- browser: :param most => 1000
SELECT o.place, o.output, o.label, o.key, o.run FROM observation AS o
WHERE o.series = :series AND o.place < :below ORDER BY o.place DESC LIMIT :most;
