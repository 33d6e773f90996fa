// name: ingest/deferred()
// The re-bindings that wait, oldest reading first.
// returns: id str, name str, lane str, since datetime, after str, until datetime | null
// order: id
// cost: the waiting re-bindings, as a rule none
MATCH (b:Rebinding)
RETURN b.id AS id, b.name AS name, b.lane AS lane, b.since AS since, b.after AS after, b.until AS until ORDER BY b.id;
