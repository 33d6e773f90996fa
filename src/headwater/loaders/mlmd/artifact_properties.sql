-- name: mlmd/artifact_properties()
-- The properties of every artifact, told once for each execution that wrote it, or that read it if none wrote it.
-- returns: owner int, artifact_id int, name str, is_custom_property bool
-- order: owner, artifact_id, is_custom_property, name
-- cost: all events and properties of artifacts; sorts them by execution
SELECT v.execution_id AS owner, p.* FROM (
  SELECT DISTINCT execution_id, artifact_id FROM Event
  WHERE type IN (1, 4, 6) OR artifact_id NOT IN (SELECT artifact_id FROM Event WHERE type IN (1, 4, 6))
) AS v JOIN ArtifactProperty AS p ON p.artifact_id = v.artifact_id
ORDER BY v.execution_id, p.artifact_id, p.is_custom_property, p.name;
