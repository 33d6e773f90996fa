// name: ingest/put_annotations(rows)
// Keep these annotations; one that is known already stays as it is.
// param rows: rows{id: str, target: str, kind: str, key: str, value: str, who: str | null, why: str | null, at: datetime}
// returns: nothing
// cost: one index seek an annotation
// browser: :param rows => [{id: 'a1', target: 'predictions.csv@r3', kind: 'flag', key: '', value: 'true', who: 'ann', why: 'wrong', at: datetime()}]
UNWIND $rows AS row
MERGE (a:Annotation {id: row.id})
SET a.target = row.target, a.kind = row.kind, a.key = row.key, a.value = row.value, a.who = row.who, a.why = row.why,
  a.at = datetime(row.at);
