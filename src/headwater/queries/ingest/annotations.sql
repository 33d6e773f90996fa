-- name: ingest/annotations(targets)
-- Every annotation of these states and runs, oldest first.
-- param targets: list[str]   ids of states and runs
-- returns: target str, kind str, key str, value json, who str | null, why str | null, at datetime
-- order: at
-- cost: one index seek a target
-- browser: :param targets => ['predictions.csv@r3']
SELECT a.target, a.kind, a.key, a.value, a.who, a.why, a.at
FROM json_each(:targets) AS i CROSS JOIN annotation AS a ON a.target = i.value
ORDER BY a.at, a.id;
