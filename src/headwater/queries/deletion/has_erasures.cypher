// name: deletion/has_erasures()
// Whether anything was ever erased.
// returns: has_erasures bool
// cost: one look-up
RETURN EXISTS { MATCH (e:Erasure) WHERE e.id >= '' } AS has_erasures;
