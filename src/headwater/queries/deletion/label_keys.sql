-- name: deletion/label_keys()
-- The keys of all labels that somebody put on a state or run.
-- returns: key str
-- cost: all annotations that are labels
SELECT DISTINCT key FROM annotation WHERE kind = 'label';
