// name: store/stats()
// How many nodes and edges there are.
// returns: components int, runs int, pointers int, consumed_by int, produced int, annotations int
// cost: the counts that Neo4j keeps; on SQLite all components, all runs, all states, all inputs, all annotations
RETURN COUNT { MATCH (:Component) } AS components, COUNT { MATCH (:ComponentRun) } AS runs, COUNT { MATCH (:IOPointer) } AS pointers,
  COUNT { MATCH ()-[:CONSUMED_BY]->() } AS consumed_by, COUNT { MATCH ()-[:PRODUCED]->() } AS produced,
  COUNT { MATCH (:Annotation) } AS annotations;
