-- name: metrics/put_alerts(rows)
-- Let these alerts wait for somebody to send them.
-- param rows: rows{id: str, component: str, queued_at: str, said: str}
-- returns: nothing
-- cost: one index seek and one write an alert
-- browser: :param rows => [{id: 'm1 opened', component: 'predict', queued_at: '2026-01-01T00:00:00.000000Z', said: '{}'}]
INSERT INTO alert(id, component, queued_at, said) VALUES (:id, :component, :queued_at, :said)
ON CONFLICT(id) DO UPDATE SET queued_at = excluded.queued_at, said = excluded.said, claimed_until = NULL;
