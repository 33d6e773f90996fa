-- name: deletion/drop_annotations(ids)
-- Forget these annotations.
-- param ids: list[str]   ids under which they are kept
-- returns: nothing
-- cost: one index seek and one write each
-- browser: :param ids => ['x1']
DELETE FROM annotation WHERE id IN (SELECT value FROM json_each(:ids));
