// name: schema/002_facets()
// Facets: what is kept beside runs, inputs, outputs and components, and given back as it came.
// returns: nothing
// cost: once a store
CREATE CONSTRAINT facet_id IF NOT EXISTS FOR (f:Facet) REQUIRE f.id IS UNIQUE;
CREATE INDEX facet_owner IF NOT EXISTS FOR (f:Facet) ON (f.owner);
CALL db.awaitIndexes(5);
