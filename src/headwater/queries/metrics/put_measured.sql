-- name: metrics/put_measured(rows)
-- Write these values of metrics as they now stand.
-- param rows: rows{id: str, series: str, place: str, run: str, value: float | null, counted: int, verdict: str, said: str}
-- returns: nothing
-- cost: one index seek and one write a value
-- browser: :param rows => [{id: 'm1', series: '5f0c', place: '2026-01-01T00:00:00.000000Z m1', run: 'r3', value: 0.93, counted: 100, verdict: 'well', said: '{}'}]
INSERT INTO measurement(id, series, place, run, value, counted, verdict, said)
VALUES (:id, :series, :place, :run, :value, :counted, :verdict, :said)
ON CONFLICT(id) DO UPDATE SET
  place = excluded.place, value = excluded.value, counted = excluded.counted, verdict = excluded.verdict, said = excluded.said;
