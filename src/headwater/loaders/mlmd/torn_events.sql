-- name: mlmd/torn_events()
-- The events whose execution or artifact is not there.
-- returns: id int, execution_id int, artifact_id int
-- order: id
-- cost: all events
SELECT v.id, v.execution_id, v.artifact_id FROM Event AS v
WHERE NOT EXISTS (SELECT 1 FROM Execution AS e WHERE e.id = v.execution_id)
  OR NOT EXISTS (SELECT 1 FROM Artifact AS a WHERE a.id = v.artifact_id)
ORDER BY v.id;
