-- name: deletion/drop_names(names)
-- Forget all states of these names, which nobody reads any more, and the names.
-- (SQLite keeps the row of a name, without its text: to look for what may still refer to it would read all inputs.)
-- param names: list[str]   names that are erased
-- returns: nothing
-- cost: one index seek a name, then its states
-- browser: :param names => ['clients/c42/profile.json']
DELETE FROM state WHERE name IN (SELECT n.key FROM json_each(:names) AS i CROSS JOIN name AS n ON n.text = i.value);
UPDATE name SET text = char(0) || key WHERE text IN (SELECT value FROM json_each(:names));
