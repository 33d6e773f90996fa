-- name: ingest/put_annotations(rows)
-- Keep these annotations; one that is known already stays as it is.
-- param rows: rows{id: str, target: str, kind: str, key: str, value: str, who: str | null, why: str | null, at: datetime}
-- returns: nothing
-- cost: one index seek an annotation
-- browser: :param rows => [{id: 'a1', target: 'predictions.csv@r3', kind: 'flag', key: '', value: 'true', who: 'ann', why: 'wrong', at: datetime()}]
INSERT OR IGNORE INTO annotation(id, target, kind, key, value, who, why, at)
VALUES (:id, :target, :kind, :key, :value, :who, :why, :at);
