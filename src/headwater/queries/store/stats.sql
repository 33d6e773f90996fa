-- name: store/stats()
-- How many nodes and edges there are.
-- returns: components int, runs int, pointers int, consumed_by int, produced int, annotations int
-- cost: the counts that Neo4j keeps; on SQLite all components, all runs, all states, all inputs, all annotations
SELECT (SELECT count(*) FROM component), (SELECT count(*) FROM run), (SELECT count(*) FROM state),
  (SELECT count(*) FROM consumption), (SELECT count(*) FROM state WHERE run IS NOT NULL), (SELECT count(*) FROM annotation);
