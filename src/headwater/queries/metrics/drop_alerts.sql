-- name: metrics/drop_alerts(ids)
-- Forget alerts that have been sent.
-- param ids: list[str]   ids of alerts
-- returns: nothing
-- cost: one index seek an alert
-- browser: :param ids => ['m1 opened']
DELETE FROM alert WHERE id IN (SELECT value FROM json_each(:ids));
