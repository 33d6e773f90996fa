// name: deletion/salts()
// The salts of all erasures, and whether each is the one that this store made for its own.
// returns: salt str, is_own bool
// order: salt
// cost: the salts, as a rule one
MATCH (s:Salt) WHERE s.text >= ''
RETURN s.text AS salt, s.is_own AS is_own ORDER BY s.text;
