// name: metrics/put_incidents(rows)
// Write these incidents as they now stand.
// param rows: rows{id: str, series: str, place: str, state: str, said: str}
// returns: nothing
// cost: one index seek and one write an incident
// browser: :param rows => [{id: 'm1', series: '5f0c', place: '2026-01-01T00:00:00.000000Z m1', state: 'open', said: '{}'}]
UNWIND $rows AS row
MERGE (i:Incident {id: row.id})
SET i.series = row.series, i.place = row.place, i.state = row.state, i.said = row.said;
