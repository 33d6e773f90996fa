// name: deletion/keep(request, key, text)
// Keep a text for an open request, in the place of what it kept under this key.
// param request: str   id of the request
// param key: str   what the text is
// param text: str   the text
// returns: nothing
// cost: one index seek and one write
// browser: :param request => 'd1'
// browser: :param key => 'subject'
// browser: :param text => 'clients/c42/*'
MERGE (k:Kept {request: $request, key: $key}) SET k.text = $text;
