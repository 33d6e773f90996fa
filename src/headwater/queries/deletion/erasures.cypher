// name: deletion/erasures(matches, targets)
// The erasures that concern names or labels of these hashes, or these states and runs.
// param matches: list[str]   salted hashes of names and labels
// param targets: list[str]   ids of states and runs
// returns: kind str, request str, target str | null, match str | null, salt str | null, replacement str | null, at datetime
// cost: one index seek a hash or target
// browser: :param matches => ['00ff']
// browser: :param targets => ['r3']
UNWIND $matches AS match
MATCH (e:Erasure {match: match}) USING INDEX SEEK e:Erasure(match)
RETURN e.kind AS kind, e.request AS request, e.target AS target, e.match AS match, e.salt AS salt,
  e.replacement AS replacement, e.at AS at
UNION
UNWIND $targets AS target
MATCH (e:Erasure {target: target}) USING INDEX SEEK e:Erasure(target)
RETURN e.kind AS kind, e.request AS request, e.target AS target, e.match AS match, e.salt AS salt,
  e.replacement AS replacement, e.at AS at;
