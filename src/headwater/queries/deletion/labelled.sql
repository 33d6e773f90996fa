-- name: deletion/labelled(labels)
-- Which inputs and outputs of which runs carry one of these labels.
-- param labels: list[str]   labels as JSON texts
-- returns: run str, name str, label str
-- order: run, name, label
-- cost: one index seek a label, then what carries it
-- browser: :param labels => ['["client","c42"]']
SELECT f.owner, f.name, f.key
FROM json_each(:labels) AS i CROSS JOIN facet AS f ON f.key = i.value AND f.subject = 'label'
ORDER BY f.owner, f.name, f.key;
