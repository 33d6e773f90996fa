// name: ingest/annotations(targets)
// Every annotation of these states and runs, oldest first.
// param targets: list[str]   ids of states and runs
// returns: target str, kind str, key str, value json, who str | null, why str | null, at datetime
// order: at
// cost: one index seek a target
// browser: :param targets => ['predictions.csv@r3']
UNWIND $targets AS target
MATCH (a:Annotation {target: target}) USING INDEX SEEK a:Annotation(target)
RETURN a.target AS target, a.kind AS kind, a.key AS key, a.value AS value, a.who AS who, a.why AS why, a.at AS at
ORDER BY a.at, a.id;
