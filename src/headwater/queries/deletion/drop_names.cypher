// name: deletion/drop_names(names)
// Forget all states of these names, which nobody reads any more, and the names.
// (SQLite keeps the row of a name, without its text: to look for what may still refer to it would read all inputs.)
// param names: list[str]   names that are erased
// returns: nothing
// cost: one index seek a name, then its states
// browser: :param names => ['clients/c42/profile.json']
UNWIND $names AS name
MATCH (p:IOPointer {name: name}) USING INDEX SEEK p:IOPointer(name) DETACH DELETE p;
