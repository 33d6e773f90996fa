-- name: deletion/drop(request)
-- Forget all that is kept for a request.
-- param request: str   id of the request
-- returns: nothing
-- cost: one index seek, then what is kept
-- browser: :param request => 'd1'
DELETE FROM vault WHERE request = :request;
