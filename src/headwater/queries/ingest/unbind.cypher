// name: ingest/unbind(rows)
// Forget these claims of runs, before they are bound anew or because an exact claim took their place.
// param rows: rows{run: str, name: str, claim: str}
// returns: nothing
// cost: the inputs of each run
// browser: :param rows => [{run: 'r2', name: 'features.csv', claim: '|'}]
UNWIND $rows AS row
WITH row.run AS run, collect([row.name, row.claim]) AS claims
MATCH (r:ComponentRun {id: run})<-[c:CONSUMED_BY]-() USING INDEX SEEK r:ComponentRun(id)
WHERE [c.name, c.claim] IN claims
DELETE c;
