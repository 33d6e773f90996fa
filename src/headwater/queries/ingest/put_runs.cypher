// name: ingest/put_runs(rows)
// Write these runs as they now stand, and name their components.
// param rows: rows{id: str, component: str | null, status: str, started_at: datetime, ended_at: datetime | null,
//   commit: str | null, source: str | null, error: str | null, params: str, triggers: str, claims: str, recorded_at: datetime}
// returns: nothing
// cost: one index seek and one write a run
// browser: :param rows => [{id: 'r1', component: 'train', status: 'running', started_at: datetime(), params: '{}', triggers: '{}', claims: '{}', recorded_at: datetime()}]
UNWIND $rows AS row
MERGE (r:ComponentRun {id: row.id})
ON CREATE SET r.recorded_at = datetime(row.recorded_at), r.flagged = false
SET r.component = row.component, r.status = row.status, r.started_at = datetime(row.started_at), r.ended_at = datetime(row.ended_at),
  r.commit = row.commit, r.source = row.source, r.error = row.error, r.params = row.params, r.triggers = row.triggers,
  r.claims = row.claims
WITH r, row
OPTIONAL CALL (r, row) {
  WITH r, row WHERE row.component IS NOT NULL
  OPTIONAL MATCH (r)-[old:RUN_OF]->(c:Component) WHERE c.name <> row.component
  DELETE old
  MERGE (new:Component {name: row.component})
  MERGE (r)-[:RUN_OF]->(new)
};
