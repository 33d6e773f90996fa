-- name: metrics/observed(ids)
-- What is known of these rows: an output, its label, and where the two stand once both are known.
-- param ids: list[str]   ids of rows
-- returns: id str, output str | null, output_at str | null, run str | null, label str | null, label_at str | null,
--   place str | null, position int | null
-- cost: one index seek a row
-- browser: :param ids => ['a1']
SELECT o.id, o.output, o.output_at, o.run, o.label, o.label_at, o.place, o.position
FROM json_each(:ids) AS i CROSS JOIN observation AS o ON o.id = i.value;
