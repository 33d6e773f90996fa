-- name: metrics/lock(rows)
-- Take the write locks of these series, in the order given, and move each on by so many changes; make those that are new.
-- Sorted series cannot deadlock.
-- param rows: rows{id: str, component: str, metric: str, more: int}
-- returns: nothing
-- cost: one index seek and two writes a series
-- browser: :param rows => [{id: '5f0c', component: 'predict', metric: 'recall', more: 0}]
INSERT INTO series(id, component, metric, position) VALUES (:id, :component, :metric, :more)
ON CONFLICT(id) DO UPDATE SET position = series.position + excluded.position;
