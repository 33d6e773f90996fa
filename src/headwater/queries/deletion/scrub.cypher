// name: deletion/scrub()
// Take what was deleted from the files: SQLite writes its file anew. Neo4j gives the places of deleted records to new ones, of many
// sizes, which go again; it has no statement that does more.
// returns: nothing
// cost: the whole file; on Neo4j 8,400 nodes and as many relations
UNWIND [10, 25, 60, 120, 400, 1200, 4000] AS size
CALL (size) {
  WITH size, reduce(text = '', part IN range(1, size / 10 + 1) | text + 'xxxxxxxxxx') AS text
  UNWIND range(1, 600) AS i
  CREATE (:Filler {a: text + i, b: text, c: text})-[:FILLS {a: text, b: text}]->(:Filler {a: text})
} IN TRANSACTIONS OF 1 ROW;
MATCH (f:Filler) CALL (f) { DETACH DELETE f } IN TRANSACTIONS OF 5000 ROWS;
