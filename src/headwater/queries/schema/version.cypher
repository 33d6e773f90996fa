// name: schema/version()
// The version of the schema that the store holds; no row when it is new.
// returns: version int
// cost: one look-up
MATCH (s:Schema {id: 'headwater'}) RETURN s.version AS version;
