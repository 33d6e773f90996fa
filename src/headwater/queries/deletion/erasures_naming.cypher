// name: deletion/erasures_naming(names)
// The erasures whose target is a state of one of these names, or that give one of them as replacement.
// param names: list[str]   names that are erased
// returns: id str, kind str, request str, target str | null, match str | null, salt str | null, replacement str | null, at datetime
// cost: two index seeks a name, then its erasures
// browser: :param names => ['clients/c42/profile.json']
UNWIND $names AS name
MATCH (e:Erasure) USING INDEX SEEK e:Erasure(target) WHERE e.target STARTS WITH name + '@'
RETURN e.id AS id, e.kind AS kind, e.request AS request, e.target AS target, e.match AS match, e.salt AS salt,
  e.replacement AS replacement, e.at AS at
UNION
UNWIND $names AS name
MATCH (e:Erasure {replacement: name}) USING INDEX SEEK e:Erasure(replacement)
RETURN e.id AS id, e.kind AS kind, e.request AS request, e.target AS target, e.match AS match, e.salt AS salt,
  e.replacement AS replacement, e.at AS at;
