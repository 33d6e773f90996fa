-- name: deletion/starting(prefixes)
-- The names that begin with one of these texts, each once.
-- param prefixes: list[str]   exact beginnings; an empty one asks for all names
-- returns: name str
-- cost: one index seek a beginning, then the states of those names
-- browser: :param prefixes => ['clients/c42/']
SELECT DISTINCT n.text
FROM json_each(:prefixes) AS i
CROSS JOIN name AS n ON n.text >= i.value AND n.text <= i.value || char(1114111, 1114111)
WHERE substr(n.text, 1, length(i.value)) = i.value;
