-- name: deletion/drop_facets(ids)
-- Forget these facets.
-- param ids: list[str]   ids under which they are kept
-- returns: nothing
-- cost: one index seek and one write each
-- browser: :param ids => ['x1']
DELETE FROM facet WHERE id IN (SELECT value FROM json_each(:ids));
