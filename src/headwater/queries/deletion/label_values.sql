-- name: deletion/label_values(keys)
-- What carries a label of one of these keys, and with which value.
-- param keys: list[str]   keys of labels
-- returns: target str, key str, value json
-- cost: one index seek a key, then the annotations with it
-- browser: :param keys => ['client']
SELECT a.target, a.key, a.value
FROM json_each(:keys) AS i CROSS JOIN annotation AS a ON a.kind = 'label' AND a.key = i.value;
