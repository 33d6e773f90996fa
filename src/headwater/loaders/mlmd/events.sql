-- name: mlmd/events()
-- Every event with its artifact, the name of the artifact's type, and the execution that made the artifact.
-- The first output makes it, one of an execution that did not take its results from a cache before one that did.
-- returns: owner int, event_id int, event_type int, event_ms int | null, type_name str | null, producer int | null,
--   producer_created int | null, id int, uri str | null, name str | null
-- order: owner, event_id
-- cost: all events and artifacts; sorts the events by execution
WITH producer AS MATERIALIZED (
  SELECT o.artifact_id, o.execution_id, e.create_time_since_epoch AS created,
    min(printf('%d%020d%020d', coalesce(e.last_known_state = 5, 0), coalesce(o.milliseconds_since_epoch, 0), o.id))
  FROM Event AS o JOIN Execution AS e ON e.id = o.execution_id
  WHERE o.type IN (1, 4, 6) GROUP BY o.artifact_id
)
SELECT v.execution_id AS owner, v.id AS event_id, v.type AS event_type, v.milliseconds_since_epoch AS event_ms,
  t.name AS type_name, p.execution_id AS producer, p.created AS producer_created, a.*
FROM Event AS v JOIN Artifact AS a ON a.id = v.artifact_id
LEFT JOIN Type AS t ON t.id = a.type_id LEFT JOIN producer AS p ON p.artifact_id = a.id
ORDER BY v.execution_id, v.id;
