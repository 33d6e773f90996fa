// name: rank/suspects(slice_ids, contrast_ids)
// The runs behind a slice of bad outputs, most suspicious first, ranked in the database: `ef` outputs of the slice and `ep` of the
// contrast have the run in their trace; ochiai = sqrt(ef * ef / (slice * (ef + ep))). For small slices; the product takes large ones elsewhere.
// param slice_ids: list[str]   ids of the bad outputs
// param contrast_ids: list[str]   ids of the good ones
// returns: run str, component str | null, ef int, ep int, ochiai float, spectrum json
// order: ochiai descending, ef descending, started_at, run
// cost: one trace an output
// browser: :param slice_ids => ['predictions.csv@r3']
// browser: :param contrast_ids => ['predictions.csv@r4']
UNWIND $slice_ids + $contrast_ids AS id
MATCH (t:IOPointer {id: id})
CALL (t) {
  MATCH (t)<-[:CONSUMED_BY|PRODUCED*0..]-(r:ComponentRun)
  RETURN DISTINCT r
}
WITH r, id ORDER BY id
WITH r, collect(id) AS spectrum
WITH r, spectrum, size([id IN spectrum WHERE id IN $slice_ids]) AS ef, size([id IN spectrum WHERE id IN $contrast_ids]) AS ep
RETURN r.id AS run, r.component AS component, ef, ep,
  CASE WHEN ef = 0 THEN 0.0 ELSE sqrt(toFloat(ef * ef) / (size($slice_ids) * (ef + ep))) END AS ochiai, spectrum
ORDER BY ochiai DESC, ef DESC, r.started_at, r.id;
