// name: ingest/outputs(ids)
// The states that these runs made.
// param ids: list[str]   ids of runs
// returns: run str, name str, type str, digest str | null, claims str | null
// cost: one index seek a run, then its outputs
// browser: :param ids => ['0197a4f0-0000-7000-8000-000000000001']
UNWIND $ids AS id
MATCH (r:ComponentRun {id: id})-[:PRODUCED]->(p:IOPointer) USING INDEX SEEK r:ComponentRun(id)
RETURN r.id AS run, p.name AS name, p.type AS type, p.digest AS digest, p.claims AS claims;
