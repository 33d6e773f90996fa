-- name: store/erasures()
-- All erasures, to tell them again.
-- returns: kind str, request str, target str | null, match str | null, salt str | null, replacement str | null, at datetime
-- order: id
-- cost: all erasures
SELECT kind, request, target, match, salt, replacement, at FROM erasure ORDER BY id;
