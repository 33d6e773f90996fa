-- name: deletion/annotated(names)
-- The targets of annotations that are states of one of these names, or of a name that goes on with an @.
-- param names: list[str]   names that are erased
-- returns: target str
-- cost: one index seek a name, then its annotations
-- browser: :param names => ['clients/c42/profile.json']
SELECT DISTINCT a.target FROM json_each(:names) AS i
CROSS JOIN annotation AS a ON a.target >= i.value || '@' AND a.target < i.value || 'A';
