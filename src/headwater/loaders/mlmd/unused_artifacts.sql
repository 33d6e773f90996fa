-- name: mlmd/unused_artifacts()
-- The artifacts that no event names.
-- returns: id int, uri str | null
-- order: id
-- cost: all artifacts
SELECT a.id, a.uri FROM Artifact AS a WHERE a.id NOT IN (SELECT artifact_id FROM Event) ORDER BY a.id;
