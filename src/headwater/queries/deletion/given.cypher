// name: deletion/given(keys, values)
// States and runs that carry, or carried, one of these labels.
// param keys: list[str]   keys of labels
// param values: list[str]   values of labels, as JSON
// returns: target str, key str, value json
// order: target, key, value
// cost: all annotations with the keys
// browser: :param keys => ['client']
// browser: :param values => ['"c-17"']
UNWIND $keys AS key
MATCH (a:Annotation {kind: 'label', key: key}) USING INDEX SEEK a:Annotation(kind, key)
WHERE a.value IN $values
WITH DISTINCT a.target AS target, a.key AS key, a.value AS value
RETURN target, key, value ORDER BY target, key, value;
