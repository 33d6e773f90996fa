// name: metrics/values(series, below, most)
// The newest values of a metric below a place, newest first.
// param series: str   id of the series
// param below: str   a place
// param most: int   how many
// returns: said json
// order: place descending
// cost: one index seek, then those values
// browser: :param series => '5f0c'
// browser: :param below => '~'
// browser: :param most => 20
MATCH (m:Measurement) USING INDEX SEEK m:Measurement(series, place)
WHERE m.series = $series AND m.place < $below
RETURN m.said AS said ORDER BY m.series DESC, m.place DESC LIMIT $most;
