// name: ingest/sweep(ids)
// Drop those of these external states that nobody reads any more.
// param ids: list[str]   ids of external states
// returns: nothing
// cost: one index seek a state
// browser: :param ids => ['features.csv@external']
UNWIND $ids AS id
MATCH (p:IOPointer {id: id}) WHERE NOT EXISTS { (p)-[:CONSUMED_BY]->() } AND NOT EXISTS { (p)<-[:PRODUCED]-() }
DELETE p;
