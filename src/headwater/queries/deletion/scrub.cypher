// name: deletion/scrub()
// Take what was deleted from the files, and say what is left to do by hand. SQLite writes its file anew; Neo4j has no statement for it.
// returns: left str
// cost: the whole file; on Neo4j nothing
RETURN 'the files of the server keep what was deleted: tell the graph to a new database (docs/neo4j.md, What is erased)' AS left;
