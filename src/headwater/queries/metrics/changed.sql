-- name: metrics/changed(series, position)
-- The joined rows of a series that changed behind a position, as they now stand.
-- param series: str   id of the series
-- param position: int   a count of changes
-- returns: place str, output json, label json
-- cost: one index seek, then those rows
-- browser: :param series => '5f0c'
-- browser: :param position => 3
SELECT o.place, o.output, o.label FROM observation AS o WHERE o.series = :series AND o.position > :position;
