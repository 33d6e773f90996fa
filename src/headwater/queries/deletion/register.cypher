// name: deletion/register(after)
// The entries of the register of requests for deletion, oldest first.
// param after: int   the place behind which to begin
// returns: entry str
// order: seq
// cost: one index seek, then the entries
// browser: :param after => 0
MATCH (e:Entry) WHERE e.seq > $after
RETURN e.entry AS entry ORDER BY e.seq;
