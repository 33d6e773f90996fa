-- name: mlmd/contexts()
-- The contexts that every execution belongs to, one row a property of the context, with the names of its parents.
-- returns: owner int, context int, context_type str | null, context_name str, created int, parents json, name str | null
-- order: owner, context, is_custom_property, name
-- cost: all associations and properties of contexts; sorts them by execution
SELECT l.execution_id AS owner, c.id AS context, t.name AS context_type, c.name AS context_name,
  c.create_time_since_epoch AS created, (
    SELECT json_group_array(name) FROM (
      SELECT m.name FROM ParentContext AS u JOIN Context AS m ON m.id = u.parent_context_id
      WHERE u.context_id = c.id ORDER BY m.id)
  ) AS parents, p.*
FROM Association AS l JOIN Context AS c ON c.id = l.context_id LEFT JOIN Type AS t ON t.id = c.type_id
LEFT JOIN ContextProperty AS p ON p.context_id = c.id
ORDER BY l.execution_id, c.id, p.is_custom_property, p.name;
