-- name: ingest/deferred()
-- The re-bindings that wait, oldest reading first.
-- returns: id str, name str, lane str, since datetime, after str, until datetime | null
-- order: id
-- cost: the waiting re-bindings, as a rule none
SELECT id, name, lane, since, after, until FROM rebinding ORDER BY id;
