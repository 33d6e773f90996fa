// name: schema/stamp(version)
// Write down that the store now holds the schema of this version.
// param version: int   version of the schema
// returns: nothing
// cost: one write
// browser: :param version => 1
MERGE (s:Schema {id: 'headwater'}) SET s.version = $version;
