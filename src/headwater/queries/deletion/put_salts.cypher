// name: deletion/put_salts(rows)
// Keep these salts; one that the store made stays its own.
// param rows: rows{salt: str, is_own: bool}
// returns: nothing
// cost: one index seek a salt
// browser: :param rows => [{salt: '00ff', is_own: false}]
UNWIND $rows AS row
MERGE (s:Salt {text: row.salt}) ON CREATE SET s.is_own = row.is_own
WITH s, row WHERE row.is_own SET s.is_own = true;
