// name: store/annotations()
// All annotations by target, and whether the graph knows it; the graph's digest holds those.
// returns: target str, kind str, key str, value json, who str | null, why str | null, at datetime, known bool
// order: target
// cost: all annotations, and one index seek for each
MATCH (a:Annotation)
WHERE a.target >= ''
RETURN a.target AS target, a.kind AS kind, a.key AS key, a.value AS value, a.who AS who, a.why AS why, a.at AS at,
  EXISTS { MATCH (:IOPointer {id: a.target}) } OR EXISTS { MATCH (:ComponentRun {id: a.target}) } AS known
ORDER BY a.target;
