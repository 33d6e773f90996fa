// name: deletion/label_values(keys)
// What carries a label of one of these keys, and with which value.
// param keys: list[str]   keys of labels
// returns: target str, key str, value json
// cost: one index seek a key, then the annotations with it
// browser: :param keys => ['client']
UNWIND $keys AS key
MATCH (a:Annotation {kind: 'label', key: key}) USING INDEX SEEK a:Annotation(kind, key)
RETURN a.target AS target, a.key AS key, a.value AS value;
