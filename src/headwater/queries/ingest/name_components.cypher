// name: ingest/name_components(rows)
// Make sure that these components exist.
// param rows: rows{name: str}
// returns: nothing
// cost: one index seek a component
// browser: :param rows => [{name: 'train'}]
UNWIND $rows AS row
MERGE (:Component {name: row.name});
