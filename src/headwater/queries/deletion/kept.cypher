// name: deletion/kept(request)
// What is kept for one open request, or for all.
// param request: str | null   id of the request
// returns: request str, key str, text str
// order: request, key
// cost: all that is kept, or one index seek
// browser: :param request => 'd1'
MATCH (k:Kept) WHERE k.request = $request AND k.key >= ''
RETURN k.request AS request, k.key AS key, k.text AS text
UNION ALL
MATCH (k:Kept) WHERE $request IS NULL AND k.request >= '' AND k.key >= ''
RETURN k.request AS request, k.key AS key, k.text AS text;
