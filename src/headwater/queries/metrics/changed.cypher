// name: metrics/changed(series, position)
// The joined rows of a series that changed behind a position, as they now stand.
// param series: str   id of the series
// param position: int   a count of changes
// returns: place str, output json, label json
// cost: one index seek, then those rows
// browser: :param series => '5f0c'
// browser: :param position => 3
MATCH (o:Observation) USING INDEX SEEK o:Observation(series, position)
WHERE o.series = $series AND o.position > $position
RETURN o.place AS place, o.output AS output, o.label AS label;
