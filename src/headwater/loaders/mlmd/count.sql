-- name: mlmd/count()
-- How many executions a store of ML Metadata holds.
-- returns: executions int
-- cost: all executions
SELECT count(*) AS executions FROM Execution;
