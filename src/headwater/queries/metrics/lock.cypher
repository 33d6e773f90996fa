// name: metrics/lock(rows)
// Take the write locks of these series, in the order given, and move each on by so many changes; make those that are new.
// Sorted series cannot deadlock.
// param rows: rows{id: str, component: str, metric: str, more: int}
// returns: nothing
// cost: one index seek and two writes a series
// browser: :param rows => [{id: '5f0c', component: 'predict', metric: 'recall', more: 0}]
UNWIND $rows AS row
MERGE (s:MetricSeries {id: row.id})
ON CREATE SET s.component = row.component, s.metric = row.metric, s.position = 0
SET s.held = 0;
UNWIND $rows AS row
MATCH (s:MetricSeries {id: row.id})
SET s.position = s.position + row.more;
