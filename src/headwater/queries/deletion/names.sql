-- name: deletion/names()
-- Every name of a state, to compare its hash with that of an erased one.
-- returns: name str
-- cost: all names, on Neo4j all states
SELECT text FROM name WHERE text >= char(1);
