// name: metrics/put_alerts(rows)
// Let these alerts wait for somebody to send them.
// param rows: rows{id: str, component: str, queued_at: str, said: str}
// returns: nothing
// cost: one index seek and one write an alert
// browser: :param rows => [{id: 'm1 opened', component: 'predict', queued_at: '2026-01-01T00:00:00.000000Z', said: '{}'}]
UNWIND $rows AS row
MERGE (a:Alert {id: row.id})
SET a.component = row.component, a.queued_at = row.queued_at, a.said = row.said, a.claimed_until = null;
