// name: deletion/annotated(names)
// The targets of annotations that are states of one of these names, or of a name that goes on with an @.
// param names: list[str]   names that are erased
// returns: target str
// cost: one index seek a name, then its annotations
// browser: :param names => ['clients/c42/profile.json']
UNWIND $names AS name
MATCH (a:Annotation) USING INDEX SEEK a:Annotation(target) WHERE a.target STARTS WITH name + '@'
RETURN DISTINCT a.target AS target;
