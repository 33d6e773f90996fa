-- name: deletion/register(after)
-- The entries of the register of requests for deletion, oldest first.
-- param after: int   the place behind which to begin
-- returns: entry str
-- order: seq
-- cost: one index seek, then the entries
-- browser: :param after => 0
SELECT entry FROM register WHERE seq > :after ORDER BY seq;
