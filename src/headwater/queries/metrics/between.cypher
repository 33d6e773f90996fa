// name: metrics/between(series, since, below, most)
// The first joined rows of a series from one place on and below another.
// param series: str   id of the series
// param since: str   a place
// param below: str   a place
// param most: int   how many
// returns: place str, output json, label json, id str, run str | null
// order: place
// cost: one index seek, then those rows
// browser: :param series => '5f0c'
// browser: :param since => '2026-01-01'
// browser: :param below => '2026-02-01'
// browser: :param most => 1000
MATCH (o:Observation) USING INDEX SEEK o:Observation(series, place)
WHERE o.series = $series AND o.place >= $since AND o.place < $below
RETURN o.place AS place, o.output AS output, o.label AS label, o.key AS id, o.run AS run
ORDER BY o.series, o.place LIMIT $most;
