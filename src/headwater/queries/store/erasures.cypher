// name: store/erasures()
// All erasures, to tell them again.
// returns: kind str, request str, target str | null, match str | null, salt str | null, replacement str | null, at datetime
// order: id
// cost: all erasures
MATCH (e:Erasure) WHERE e.id >= ''
RETURN e.kind AS kind, e.request AS request, e.target AS target, e.match AS match, e.salt AS salt,
  e.replacement AS replacement, e.at AS at ORDER BY e.id;
