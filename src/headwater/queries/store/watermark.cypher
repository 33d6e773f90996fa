// name: store/watermark()
// How many changes the store has recorded, and how many re-bindings wait.
// returns: position int, waiting int
// cost: 256 locks, and the waiting re-bindings, as a rule none
MATCH (l:Lock) WITH sum(l.held) AS position
RETURN position, COUNT { MATCH (:Rebinding) } AS waiting;
