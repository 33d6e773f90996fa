// name: deletion/label_keys()
// The keys of all labels that somebody put on a state or run.
// returns: key str
// cost: all annotations that are labels
MATCH (a:Annotation) WHERE a.kind = 'label' AND a.key >= ''
RETURN DISTINCT a.key AS key;
