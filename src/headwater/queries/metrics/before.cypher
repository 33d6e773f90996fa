// name: metrics/before(series, below, most)
// The last joined rows of a series below a place, the last one first.
// param series: str   id of the series
// param below: str   a place
// param most: int   how many
// returns: place str, output json, label json, id str, run str | null
// order: place descending
// cost: one index seek, then those rows
// browser: :param series => '5f0c'
// browser: :param below => '2026-02-01'
// browser: :param most => 1000
MATCH (o:Observation) USING INDEX SEEK o:Observation(series, place)
WHERE o.series = $series AND o.place < $below
RETURN o.place AS place, o.output AS output, o.label AS label, o.key AS id, o.run AS run
ORDER BY o.series DESC, o.place DESC LIMIT $most;
