-- name: deletion/salts()
-- The salts of all erasures, and whether each is the one that this store made for its own.
-- returns: salt str, is_own bool
-- order: salt
-- cost: the salts, as a rule one
SELECT text, is_own FROM salt ORDER BY text;
