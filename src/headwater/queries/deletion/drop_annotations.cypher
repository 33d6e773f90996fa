// name: deletion/drop_annotations(ids)
// Forget these annotations.
// param ids: list[str]   ids under which they are kept
// returns: nothing
// cost: one index seek and one write each
// browser: :param ids => ['x1']
UNWIND $ids AS id
MATCH (a:Annotation {id: id}) DELETE a;
