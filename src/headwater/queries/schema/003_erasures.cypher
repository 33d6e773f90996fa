// name: schema/003_erasures()
// Erasures, whose rows were read or written, and the register and the vault of requests for deletion.
// returns: nothing
// cost: once a store
CREATE CONSTRAINT erasure_id IF NOT EXISTS FOR (e:Erasure) REQUIRE e.id IS UNIQUE;
CREATE CONSTRAINT salt_text IF NOT EXISTS FOR (s:Salt) REQUIRE s.text IS UNIQUE;
CREATE CONSTRAINT register_id IF NOT EXISTS FOR (r:Register) REQUIRE r.id IS UNIQUE;
CREATE CONSTRAINT entry_seq IF NOT EXISTS FOR (e:Entry) REQUIRE e.seq IS UNIQUE;
CREATE CONSTRAINT kept_key IF NOT EXISTS FOR (k:Kept) REQUIRE (k.request, k.key) IS UNIQUE;
CREATE INDEX erasure_target IF NOT EXISTS FOR (e:Erasure) ON (e.target);
CREATE INDEX erasure_match IF NOT EXISTS FOR (e:Erasure) ON (e.match);
CREATE INDEX erasure_replacement IF NOT EXISTS FOR (e:Erasure) ON (e.replacement);
CREATE INDEX facet_label IF NOT EXISTS FOR (f:Facet) ON (f.label);
CALL db.awaitIndexes(5);
