// name: metrics/observed(ids)
// What is known of these rows: an output, its label, and where the two stand once both are known.
// param ids: list[str]   ids of rows
// returns: id str, output str | null, output_at str | null, run str | null, label str | null, label_at str | null,
//   place str | null, position int | null
// cost: one index seek a row
// browser: :param ids => ['a1']
UNWIND $ids AS id
MATCH (o:Observation {id: id})
RETURN o.id AS id, o.output AS output, o.output_at AS output_at, o.run AS run, o.label AS label, o.label_at AS label_at,
  o.place AS place, o.position AS position;
