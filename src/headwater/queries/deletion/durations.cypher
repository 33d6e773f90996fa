// name: deletion/durations(components, most)
// When the newest completed runs of each of these components began and ended.
// param components: list[str]   names of components
// param most: int   how many runs a component
// returns: component str, started_at datetime, ended_at datetime
// cost: one index seek a component, then its newest runs
// browser: :param components => ['train']
// browser: :param most => 100
UNWIND $components AS component
CALL (component) {
  MATCH (r:ComponentRun) USING INDEX SEEK r:ComponentRun(component, started_at, id)
  WHERE r.component = component AND r.started_at IS NOT NULL AND r.id IS NOT NULL AND r.status = 'completed' AND r.ended_at >= r.started_at
  RETURN r ORDER BY r.component DESC, r.started_at DESC, r.id DESC LIMIT $most
}
RETURN component, toString(r.started_at) AS started_at, toString(r.ended_at) AS ended_at;
