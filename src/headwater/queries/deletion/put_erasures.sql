-- name: deletion/put_erasures(rows)
-- Keep these erasures; one that is known already stays as it is.
-- param rows: rows{id: str, kind: str, request: str, target: str | null, match: str | null, salt: str | null, replacement: str | null, at: datetime}
-- returns: nothing
-- cost: one index seek an erasure
-- browser: :param rows => [{id: 'e1', kind: 'payload', request: 'd1', target: 'r3', at: datetime()}]
INSERT OR IGNORE INTO erasure(id, kind, request, target, match, salt, replacement, at)
VALUES (:id, :kind, :request, :target, :match, :salt, :replacement, :at);
