-- name: deletion/head()
-- Keep everybody else from adding to the register until the transaction ends, and give its newest entry; no row while there is none.
-- returns: seq int, entry str
-- cost: one write and one index seek
SELECT seq, entry FROM register WHERE seq >= 0 ORDER BY seq DESC LIMIT 1;
