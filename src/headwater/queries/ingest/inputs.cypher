// name: ingest/inputs(ids)
// What these runs claim to have read.
// param ids: list[str]   ids of runs
// returns: run str, name str, claim str
// cost: one index seek a run, then its inputs
// browser: :param ids => ['0197a4f0-0000-7000-8000-000000000001']
UNWIND $ids AS id
MATCH (r:ComponentRun {id: id})<-[c:CONSUMED_BY]-() USING INDEX SEEK r:ComponentRun(id)
RETURN r.id AS run, c.name AS name, c.claim AS claim;
