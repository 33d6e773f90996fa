-- name: deletion/put_salts(rows)
-- Keep these salts; one that the store made stays its own.
-- param rows: rows{salt: str, is_own: bool}
-- returns: nothing
-- cost: one index seek a salt
-- browser: :param rows => [{salt: '00ff', is_own: false}]
INSERT INTO salt(text, is_own) VALUES (:salt, :is_own) ON CONFLICT(text) DO UPDATE SET is_own = max(is_own, excluded.is_own);
