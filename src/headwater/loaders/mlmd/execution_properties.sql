-- name: mlmd/execution_properties()
-- Every property of an execution; which columns of values there are depends on the store's version.
-- returns: execution_id int, name str, is_custom_property bool
-- order: execution_id, is_custom_property, name
-- cost: all properties of executions
SELECT p.* FROM ExecutionProperty AS p ORDER BY p.execution_id, p.is_custom_property, p.name;
