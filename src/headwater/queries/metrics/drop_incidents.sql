-- name: metrics/drop_incidents(ids)
-- Forget incidents that late values have undone.
-- param ids: list[str]   ids of incidents
-- returns: nothing
-- cost: one index seek an incident
-- browser: :param ids => ['m1']
DELETE FROM incident WHERE id IN (SELECT value FROM json_each(:ids));
