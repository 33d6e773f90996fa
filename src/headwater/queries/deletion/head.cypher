// name: deletion/head()
// Keep everybody else from adding to the register until the transaction ends, and give its newest entry; no row while there is none.
// returns: seq int, entry str
// cost: one write and one index seek
MERGE (r:Register {id: 'head'}) SET r.held = true;
MATCH (e:Entry) WHERE e.seq >= 0
RETURN e.seq AS seq, e.entry AS entry ORDER BY e.seq DESC LIMIT 1;
