-- name: deletion/kept(request)
-- What is kept for one open request, or for all.
-- param request: str | null   id of the request
-- returns: request str, key str, text str
-- order: request, key
-- cost: all that is kept, or one index seek
-- browser: :param request => 'd1'
SELECT request, key, text FROM vault WHERE request = :request
UNION ALL
SELECT request, key, text FROM vault WHERE :request IS NULL
ORDER BY 1, 2;
