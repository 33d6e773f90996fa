// name: deletion/put_erasures(rows)
// Keep these erasures; one that is known already stays as it is.
// param rows: rows{id: str, kind: str, request: str, target: str | null, match: str | null, salt: str | null, replacement: str | null, at: datetime}
// returns: nothing
// cost: one index seek an erasure
// browser: :param rows => [{id: 'e1', kind: 'payload', request: 'd1', target: 'r3', at: datetime()}]
UNWIND $rows AS row
MERGE (e:Erasure {id: row.id})
SET e.kind = row.kind, e.request = row.request, e.target = row.target, e.match = row.match, e.salt = row.salt,
  e.replacement = row.replacement, e.at = datetime(row.at);
