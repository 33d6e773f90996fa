-- name: deletion/erasures_naming(names)
-- The erasures whose target is a state of one of these names, or that give one of them as replacement.
-- param names: list[str]   names that are erased
-- returns: id str, kind str, request str, target str | null, match str | null, salt str | null, replacement str | null, at datetime
-- cost: two index seeks a name, then its erasures
-- browser: :param names => ['clients/c42/profile.json']
SELECT e.id, e.kind, e.request, e.target, e.match, e.salt, e.replacement, e.at
FROM json_each(:names) AS i CROSS JOIN erasure AS e ON e.target >= i.value || '@' AND e.target < i.value || 'A'
UNION
SELECT e.id, e.kind, e.request, e.target, e.match, e.salt, e.replacement, e.at
FROM json_each(:names) AS i CROSS JOIN erasure AS e ON e.replacement = i.value;
