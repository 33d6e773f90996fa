// name: runs/inputs(run)
// What a run claims to have read, and the state that each claim is bound to.
// param run: str   id of the run
// returns: claim str, at datetime, id str, name str, type str, digest str | null, run str | null, produced_at datetime | null, flagged bool, labels json, erased json
// order: name, claim
// cost: one index seek, then its inputs
// browser: :param run => 'r3'
MATCH (r:ComponentRun {id: $run})<-[c:CONSUMED_BY]-(p:IOPointer) USING INDEX SEEK r:ComponentRun(id)
RETURN c.claim AS claim, c.at AS at, p.id AS id, p.name AS name, p.type AS type, p.digest AS digest, p.run AS run,
  toString(p.produced_at) AS produced_at, p.flagged AS flagged, p.labels AS labels, p.erased AS erased ORDER BY name, claim;
