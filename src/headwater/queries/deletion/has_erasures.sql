-- name: deletion/has_erasures()
-- Whether anything was ever erased.
-- returns: has_erasures bool
-- cost: one look-up
SELECT EXISTS (SELECT 1 FROM erasure WHERE id >= '');
