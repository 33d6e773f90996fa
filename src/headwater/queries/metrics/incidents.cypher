// name: metrics/incidents(state, most)
// Open or closed incidents of all components, the one that opened last first.
// param state: str   open or closed
// param most: int   how many
// returns: said json
// order: place descending
// cost: one index seek, then those incidents
// browser: :param state => 'open'
// browser: :param most => 50
MATCH (i:Incident) USING INDEX SEEK i:Incident(state, place)
WHERE i.state = $state AND i.place IS NOT NULL
RETURN i.said AS said ORDER BY i.state DESC, i.place DESC LIMIT $most;
