-- name: metrics/incident_before(series, below)
-- The last incident of a metric that opened below a place.
-- param series: str   id of the series
-- param below: str   a place
-- returns: id str, said json
-- cost: one index seek
-- browser: :param series => '5f0c'
-- browser: :param below => '~'
SELECT i.id, i.said FROM incident AS i WHERE i.series = :series AND i.place < :below ORDER BY i.place DESC LIMIT 1;
