-- name: metrics/put_observed(rows)
-- Write these rows as they now stand.
-- param rows: rows{id: str, series: str, key: str, output: str | null, output_at: str | null, run: str | null,
--   label: str | null, label_at: str | null, place: str | null, position: int | null}
-- returns: nothing
-- cost: one index seek and one write a row
-- browser: :param rows => [{id: 'a1', series: '5f0c', key: 'trip-1', output: 'true', output_at: '2026-01-01T00:00:00.000000Z'}]
INSERT INTO observation(id, series, key, output, output_at, run, label, label_at, place, position)
VALUES (:id, :series, :key, :output, :output_at, :run, :label, :label_at, :place, :position)
ON CONFLICT(id) DO UPDATE SET
  output = excluded.output, output_at = excluded.output_at, run = excluded.run, label = excluded.label,
  label_at = excluded.label_at, place = excluded.place, position = excluded.position;
