// name: trace/upstream(ids)
// Everything that these states and runs were derived from: one row a node, each once, with the nodes right upstream.
// param ids: list[str]   ids of states and runs
// returns: id str, kind str, name str | null, type str | null, digest str | null, run str | null, produced_at datetime | null,
//   component str | null, status str | null, started_at datetime | null, ended_at datetime | null, flagged bool, labels json, erased json, links list[str]
// cost: one index seek a start, then the nodes and edges upstream
// browser: :param ids => ['predictions.csv@r3']
UNWIND $ids AS id
MATCH (t:IOPointer|ComponentRun {id: id})
MATCH (t)<-[:CONSUMED_BY|PRODUCED*0..]-(n)
WITH DISTINCT n
RETURN n.id AS id, CASE WHEN n:IOPointer THEN 'pointer' ELSE 'run' END AS kind, n.name AS name, n.type AS type,
  n.digest AS digest, n.run AS run, toString(n.produced_at) AS produced_at, n.component AS component, n.status AS status,
  CASE WHEN n:ComponentRun THEN toString(n.started_at) END AS started_at, toString(n.ended_at) AS ended_at, n.flagged AS flagged, n.labels AS labels, n.erased AS erased,
  COLLECT { MATCH (n)<-[:CONSUMED_BY|PRODUCED]-(m) RETURN DISTINCT m.id } AS links;
