// name: ingest/settle(id)
// A re-binding is done.
// param id: str   id of the re-binding
// returns: nothing
// cost: one index seek
// browser: :param id => 'features.csv|'
MATCH (b:Rebinding {id: $id}) DELETE b;
