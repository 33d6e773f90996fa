// name: metrics/put_observed(rows)
// Write these rows as they now stand.
// param rows: rows{id: str, series: str, key: str, output: str | null, output_at: str | null, run: str | null,
//   label: str | null, label_at: str | null, place: str | null, position: int | null}
// returns: nothing
// cost: one index seek and one write a row
// browser: :param rows => [{id: 'a1', series: '5f0c', key: 'trip-1', output: 'true', output_at: '2026-01-01T00:00:00.000000Z'}]
UNWIND $rows AS row
MERGE (o:Observation {id: row.id})
SET o.series = row.series, o.key = row.key, o.output = row.output, o.output_at = row.output_at, o.run = row.run,
  o.label = row.label, o.label_at = row.label_at, o.place = row.place, o.position = row.position;
