-- name: deletion/scrub()
-- Take what was deleted from the files: SQLite writes its file anew. Neo4j gives the places of deleted records to new ones, of many
-- sizes, which go again; it has no statement that does more.
-- returns: nothing
-- cost: the whole file; on Neo4j 8,400 nodes and as many relations
VACUUM;
