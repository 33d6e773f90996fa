// name: deletion/targets()
// Every target of an annotation, and every target and replacement of an erasure.
// returns: target str
// cost: all annotations, all erasures
MATCH (a:Annotation) WHERE a.target >= ''
RETURN DISTINCT a.target AS target
UNION
MATCH (e:Erasure) WHERE e.target >= ''
RETURN DISTINCT e.target AS target
UNION
MATCH (e:Erasure) WHERE e.replacement >= ''
RETURN DISTINCT e.replacement + '@' AS target;
