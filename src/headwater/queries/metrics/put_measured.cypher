// name: metrics/put_measured(rows)
// Write these values of metrics as they now stand.
// param rows: rows{id: str, series: str, place: str, run: str, value: float | null, counted: int, verdict: str, said: str}
// returns: nothing
// cost: one index seek and one write a value
// browser: :param rows => [{id: 'm1', series: '5f0c', place: '2026-01-01T00:00:00.000000Z m1', run: 'r3', value: 0.93, counted: 100, verdict: 'well', said: '{}'}]
UNWIND $rows AS row
MERGE (m:Measurement {id: row.id})
SET m.series = row.series, m.place = row.place, m.run = row.run, m.value = row.value, m.counted = row.counted,
  m.verdict = row.verdict, m.said = row.said;
