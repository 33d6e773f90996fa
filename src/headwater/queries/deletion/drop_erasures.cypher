// name: deletion/drop_erasures(ids)
// Forget these erasures.
// param ids: list[str]   ids under which they are kept
// returns: nothing
// cost: one index seek and one write each
// browser: :param ids => ['x1']
UNWIND $ids AS id
MATCH (e:Erasure {id: id}) DELETE e;
