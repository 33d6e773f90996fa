-- name: metrics/waiting(component)
-- The alerts of a component that wait, oldest first, and until when somebody is sending them.
-- param component: str   name of the component
-- returns: id str, claimed_until str | null, said json
-- order: queued_at, id
-- cost: one index seek, then the alerts that wait, as a rule none
-- browser: :param component => 'predict'
SELECT a.id, a.claimed_until, a.said FROM alert AS a WHERE a.component = :component ORDER BY a.queued_at, a.id;
