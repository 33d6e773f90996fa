// name: runs/stale_inputs(ids, as_of)
// The inputs of these runs, with what was fresher when the run started, or at `as_of`: a newer state of the name, and a newer completed
// run of the maker's component.
// param ids: list[str]   ids of runs
// param as_of: datetime | null   judge at this time instead of at each run's start
// returns: run str, started_at datetime, state str, name str, produced_at datetime | null, maker str | null, maker_component str | null,
//   maker_status str | null, maker_triggers json, max_age_us int | null, fresher_state str | null, fresher_run str | null
// order: run, state
// cost: a few index hits an input
// browser: :param ids => ['r3']
// browser: :param as_of => null
UNWIND $ids AS id
MATCH (r:ComponentRun {id: id})<-[:CONSUMED_BY]-(s:IOPointer)
WITH DISTINCT r, s, coalesce($as_of, r.started_at) AS at
OPTIONAL MATCH (m:ComponentRun)-[:PRODUCED]->(s)
OPTIONAL MATCH (r)-[:RUN_OF]->(co:Component)
OPTIONAL CALL (r, s, at) {
  MATCH (f:IOPointer) USING INDEX SEEK f:IOPointer(name, produced_at, run)
  WHERE f.name = s.name AND f.produced_at >= s.produced_at AND f.produced_at < at AND f.run <> r.id AND f.run IS NOT NULL
    AND CASE f.produced_at WHEN s.produced_at THEN f.run > s.run ELSE true END
  RETURN f.id AS fresher_state ORDER BY f.name DESC, f.produced_at DESC, f.run DESC LIMIT 1
}
OPTIONAL CALL (r, m, at) {
  MATCH (f:ComponentRun) USING INDEX SEEK f:ComponentRun(component, started_at, id)
  WHERE f.component = m.component AND f.started_at <= at AND f.started_at > m.started_at AND f.id IS NOT NULL
    AND f.status = 'completed' AND f.ended_at <= at AND f.id <> r.id
    AND NOT EXISTS { (r)<-[:CONSUMED_BY]-(:IOPointer)<-[:PRODUCED]-(f) }
  RETURN f.id AS fresher_run ORDER BY f.component DESC, f.started_at DESC, f.id DESC LIMIT 1
}
RETURN r.id AS run, at AS started_at, s.id AS state, s.name AS name, toString(s.produced_at) AS produced_at, m.id AS maker,
  m.component AS maker_component, m.status AS maker_status, m.triggers AS maker_triggers, co.max_age_us AS max_age_us,
  fresher_state, fresher_run
ORDER BY run, state;
