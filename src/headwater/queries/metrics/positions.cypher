// name: metrics/positions(ids)
// How many changes each of these series has seen.
// param ids: list[str]   ids of series
// returns: id str, position int
// cost: one index seek a series
// browser: :param ids => ['5f0c']
UNWIND $ids AS id
MATCH (s:MetricSeries {id: id})
RETURN s.id AS id, s.position AS position;
