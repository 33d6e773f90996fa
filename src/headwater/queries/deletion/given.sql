-- name: deletion/given(keys, values)
-- States and runs that carry, or carried, one of these labels.
-- param keys: list[str]   keys of labels
-- param values: list[str]   values of labels, as JSON
-- returns: target str, key str, value json
-- order: target, key, value
-- cost: all annotations with the keys
-- browser: :param keys => ['client']
-- browser: :param values => ['"c-17"']
SELECT DISTINCT a.target, a.key, a.value
FROM json_each(:keys) AS k CROSS JOIN annotation AS a ON a.kind = 'label' AND a.key = k.value
WHERE a.value IN (SELECT v.value FROM json_each(:values) AS v)
ORDER BY a.target, a.key, a.value;
