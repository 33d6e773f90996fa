-- name: mlmd/event_paths()
-- The steps of the path of every event: which input or output of the execution its artifact was.
-- returns: owner int, event_id int, is_index_step bool, step_index int | null, step_key str | null
-- order: owner, event_id
-- cost: all events and their paths; sorts them by execution
SELECT v.execution_id AS owner, s.event_id, s.is_index_step, s.step_index, s.step_key
FROM EventPath AS s JOIN Event AS v ON v.id = s.event_id ORDER BY v.execution_id, s.event_id, s.rowid;
