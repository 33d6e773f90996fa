-- name: metrics/corrected(series, position)
-- The joined rows of a series that stood at a position and changed behind it, as they stood.
-- param series: str   id of the series
-- param position: int   a count of changes
-- returns: place str, output json, label json
-- cost: one index seek, then the rows that changed
-- browser: :param series => '5f0c'
-- browser: :param position => 3
SELECT c.place, c.output, c.label FROM correction AS c
WHERE c.series = :series AND c.position > :position AND c.since <= :position;
