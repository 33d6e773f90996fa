-- name: mlmd/artifact_contexts()
-- The contexts that every artifact is attributed to, told once for each execution that wrote it, or read it if none wrote it.
-- returns: owner int, artifact_id int, context_type str | null, context_name str
-- order: owner, artifact_id, context_id
-- cost: all events and attributions; sorts them by execution
SELECT v.execution_id AS owner, b.artifact_id, t.name AS context_type, c.name AS context_name FROM (
  SELECT DISTINCT execution_id, artifact_id FROM Event
  WHERE type IN (1, 4, 6) OR artifact_id NOT IN (SELECT artifact_id FROM Event WHERE type IN (1, 4, 6))
) AS v JOIN Attribution AS b ON b.artifact_id = v.artifact_id
JOIN Context AS c ON c.id = b.context_id LEFT JOIN Type AS t ON t.id = c.type_id
ORDER BY v.execution_id, b.artifact_id, c.id;
