-- name: deletion/runs_naming(names)
-- The runs that read or wrote one of these names.
-- param names: list[str]   names that are erased
-- returns: run str
-- cost: one index seek a name, then its states and their readers
-- browser: :param names => ['clients/c42/profile.json']
SELECT s.maker FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value CROSS JOIN state AS s ON s.name = n.key
WHERE s.maker IS NOT NULL
UNION
SELECT r.id FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value
CROSS JOIN state AS s ON s.name = n.key CROSS JOIN consumption AS c ON c.state = s.key CROSS JOIN run AS r ON r.key = c.run;
