// name: metrics/incidents_from(series, since)
// The incidents of a metric that opened from a place on, in order.
// param series: str   id of the series
// param since: str   a place
// returns: id str, said json
// order: place
// cost: one index seek, then those incidents
// browser: :param series => '5f0c'
// browser: :param since => '2026-01-01'
MATCH (i:Incident) USING INDEX SEEK i:Incident(series, place)
WHERE i.series = $series AND i.place >= $since
RETURN i.id AS id, i.said AS said ORDER BY i.series, i.place;
