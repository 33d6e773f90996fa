-- name: deletion/targets()
-- Every target of an annotation, and every target and replacement of an erasure.
-- returns: target str
-- cost: all annotations, all erasures
SELECT target FROM annotation
UNION
SELECT target FROM erasure WHERE target IS NOT NULL
UNION
SELECT replacement || '@' FROM erasure WHERE replacement IS NOT NULL;
