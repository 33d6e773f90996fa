// name: schema/005_contents()
// States by their content, also those that no run has produced yet: an index of several properties leaves them out.
// returns: nothing
// cost: once a store
CREATE INDEX pointer_content IF NOT EXISTS FOR (p:IOPointer) ON (p.digest);
CALL db.awaitIndexes(5);
