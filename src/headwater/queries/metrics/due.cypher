// name: metrics/due(component, now)
// The alerts of a component that wait and that nobody is sending, oldest first.
// param component: str   name of the component
// param now: str   the time
// returns: id str, said json
// order: queued_at, id
// cost: one index seek, then the alerts that wait, as a rule none
// browser: :param component => 'predict'
// browser: :param now => '2026-01-01T00:00:00.000000Z'
MATCH (a:Alert {component: $component})
WHERE a.claimed_until IS NULL OR a.claimed_until < $now
RETURN a.id AS id, a.said AS said ORDER BY a.queued_at, a.id;
