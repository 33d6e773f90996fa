// name: metrics/measured(ids)
// These values of metrics, as they are kept.
// param ids: list[str]   ids of values
// returns: id str, said str
// cost: one index seek a value
// browser: :param ids => ['m1']
UNWIND $ids AS id
MATCH (m:Measurement {id: id})
RETURN m.id AS id, m.said AS said;
