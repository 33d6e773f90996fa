-- name: mlmd/executions()
-- Every execution with the name of its type, and whatever other columns the store's version has.
-- returns: id int, last_known_state int | null, name str | null, create_time_since_epoch int,
--   last_update_time_since_epoch int, type_name str | null
-- order: id
-- cost: all executions
SELECT e.*, t.name AS type_name FROM Execution AS e LEFT JOIN Type AS t ON t.id = e.type_id ORDER BY e.id;
