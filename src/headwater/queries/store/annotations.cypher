// name: store/annotations()
// All annotations of states and runs that are in the graph, by target, for its digest.
// returns: target str, kind str, key str, value json, who str | null, why str | null, at datetime
// order: target
// cost: all annotations, and one index seek for each
MATCH (a:Annotation)
WHERE a.target >= '' AND (EXISTS { MATCH (:IOPointer {id: a.target}) } OR EXISTS { MATCH (:ComponentRun {id: a.target}) })
RETURN a.target AS target, a.kind AS kind, a.key AS key, a.value AS value, a.who AS who, a.why AS why, a.at AS at
ORDER BY a.target;
