-- name: deletion/erasures(matches, targets)
-- The erasures that concern names or labels of these hashes, or these states and runs.
-- param matches: list[str]   salted hashes of names and labels
-- param targets: list[str]   ids of states and runs
-- returns: kind str, request str, target str | null, match str | null, salt str | null, replacement str | null, at datetime
-- cost: one index seek a hash or target
-- browser: :param matches => ['00ff']
-- browser: :param targets => ['r3']
SELECT e.kind, e.request, e.target, e.match, e.salt, e.replacement, e.at
FROM json_each(:matches) AS i CROSS JOIN erasure AS e ON e.match = i.value
UNION
SELECT e.kind, e.request, e.target, e.match, e.salt, e.replacement, e.at
FROM json_each(:targets) AS i CROSS JOIN erasure AS e ON e.target = i.value;
