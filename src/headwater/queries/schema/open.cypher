// name: schema/open()
// Make the place where the schema's version stands.
// returns: nothing
// cost: nothing on a store that has it
CREATE CONSTRAINT schema_id IF NOT EXISTS FOR (s:Schema) REQUIRE s.id IS UNIQUE;
