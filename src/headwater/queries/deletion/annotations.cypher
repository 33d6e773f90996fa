// name: deletion/annotations(targets)
// The annotations of these states and runs, with the ids under which they are kept.
// param targets: list[str]   ids of states and runs
// returns: id str, target str, kind str, key str, value json, who str | null, why str | null, at datetime
// cost: one index seek a target
// browser: :param targets => ['predictions.csv@r3']
UNWIND $targets AS target
MATCH (a:Annotation {target: target}) USING INDEX SEEK a:Annotation(target)
RETURN a.id AS id, a.target AS target, a.kind AS kind, a.key AS key, a.value AS value, a.who AS who, a.why AS why, a.at AS at;
