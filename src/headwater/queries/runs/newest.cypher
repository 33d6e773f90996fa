// name: runs/newest()
// The newest run of every component.
// returns: id str
// order: id
// cost: one index seek a component
MATCH (c:Component)
CALL (c) {
  MATCH (r:ComponentRun) WHERE r.component = c.name
  RETURN r ORDER BY r.component DESC, r.started_at DESC, r.id DESC LIMIT 1
}
RETURN r.id AS id ORDER BY id;
