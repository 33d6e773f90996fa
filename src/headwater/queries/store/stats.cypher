// name: store/stats()
// How many nodes and edges there are.
// returns: components int, runs int, pointers int, consumed_by int, produced int, annotations int
// cost: the counts that the database keeps, or a pass over its smallest indexes
RETURN COUNT { MATCH (:Component) } AS components, COUNT { MATCH (:ComponentRun) } AS runs, COUNT { MATCH (:IOPointer) } AS pointers,
  COUNT { MATCH ()-[:CONSUMED_BY]->() } AS consumed_by, COUNT { MATCH ()-[:PRODUCED]->() } AS produced,
  COUNT { MATCH (:Annotation) } AS annotations;
