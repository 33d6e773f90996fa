-- name: deletion/annotations(targets)
-- The annotations of these states and runs, with the ids under which they are kept.
-- param targets: list[str]   ids of states and runs
-- returns: id str, target str, kind str, key str, value json, who str | null, why str | null, at datetime
-- cost: one index seek a target
-- browser: :param targets => ['predictions.csv@r3']
SELECT a.id, a.target, a.kind, a.key, a.value, a.who, a.why, a.at
FROM json_each(:targets) AS i CROSS JOIN annotation AS a ON a.target = i.value;
