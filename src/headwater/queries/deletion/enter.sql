-- name: deletion/enter(seq, entry)
-- Add an entry to the register of requests for deletion.
-- param seq: int   its place in the register
-- param entry: str   a JSON text
-- returns: nothing
-- cost: one write
-- browser: :param seq => 1
-- browser: :param entry => '{}'
INSERT INTO register(seq, entry) VALUES (:seq, :entry);
