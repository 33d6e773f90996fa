// name: store/consumptions()
// All claims of runs to have read a name, by run, for the digest of the graph.
// returns: run str, state str, name str, claim str
// order: run
// cost: all runs, all inputs
MATCH (r:ComponentRun) WHERE r.id >= ''
MATCH (r)<-[c:CONSUMED_BY]-(p:IOPointer)
RETURN r.id AS run, p.id AS state, c.name AS name, c.claim AS claim ORDER BY r.id;
