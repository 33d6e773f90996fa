// name: runs/outputs(run)
// The states that a run made.
// param run: str   id of the run
// returns: id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: name
// cost: one index seek, then its outputs
// browser: :param run => 'r3'
MATCH (r:ComponentRun {id: $run})-[:PRODUCED]->(p:IOPointer) USING INDEX SEEK r:ComponentRun(id)
RETURN p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased ORDER BY name;
