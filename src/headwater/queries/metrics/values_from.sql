-- name: metrics/values_from(series, since)
-- The values of a metric from a place on, oldest first.
-- param series: str   id of the series
-- param since: str   a place
-- returns: said json
-- order: place
-- cost: one index seek, then those values
-- browser: :param series => '5f0c'
-- browser: :param since => '2026-01-01'
SELECT m.said FROM measurement AS m WHERE m.series = :series AND m.place >= :since ORDER BY m.place;
