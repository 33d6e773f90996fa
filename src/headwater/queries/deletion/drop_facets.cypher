// name: deletion/drop_facets(ids)
// Forget these facets.
// param ids: list[str]   ids under which they are kept
// returns: nothing
// cost: one index seek and one write each
// browser: :param ids => ['x1']
UNWIND $ids AS id
MATCH (f:Facet {id: id}) DELETE f;
