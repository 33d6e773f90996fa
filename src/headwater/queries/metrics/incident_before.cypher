// name: metrics/incident_before(series, below)
// The last incident of a metric that opened below a place.
// param series: str   id of the series
// param below: str   a place
// returns: id str, said json
// cost: one index seek
// browser: :param series => '5f0c'
// browser: :param below => '~'
MATCH (i:Incident) USING INDEX SEEK i:Incident(series, place)
WHERE i.series = $series AND i.place < $below
RETURN i.id AS id, i.said AS said ORDER BY i.series DESC, i.place DESC LIMIT 1;
