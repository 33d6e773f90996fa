-- name: metrics/put_incidents(rows)
-- Write these incidents as they now stand.
-- param rows: rows{id: str, series: str, place: str, state: str, said: str}
-- returns: nothing
-- cost: one index seek and one write an incident
-- browser: :param rows => [{id: 'm1', series: '5f0c', place: '2026-01-01T00:00:00.000000Z m1', state: 'open', said: '{}'}]
INSERT INTO incident(id, series, place, state, said) VALUES (:id, :series, :place, :state, :said)
ON CONFLICT(id) DO UPDATE SET place = excluded.place, state = excluded.state, said = excluded.said;
