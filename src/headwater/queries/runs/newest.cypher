// name: runs/newest()
// The newest run of every component.
// returns: id str
// order: id
// cost: all components, and one index seek for each
MATCH (c:Component)
CALL (c) {
  MATCH (r:ComponentRun) USING INDEX SEEK r:ComponentRun(component, started_at, id)
  WHERE r.component = c.name AND r.started_at IS NOT NULL AND r.id IS NOT NULL
  RETURN r ORDER BY r.component DESC, r.started_at DESC, r.id DESC LIMIT 1
}
RETURN r.id AS id ORDER BY id;
