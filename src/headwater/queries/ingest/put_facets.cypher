// name: ingest/put_facets(rows)
// Keep these facets; of two values of one facet the later stays, of two at one time the greater text.
// param rows: rows{id: str, subject: str, owner: str, name: str, key: str, value: str, at: datetime}
// returns: nothing
// cost: one index seek and at most one write a facet
// browser: :param rows => [{id: 'f1', subject: 'run', owner: 'r3', name: '', key: 'host', value: '"node-7"', at: datetime()}]
UNWIND $rows AS row
MERGE (f:Facet {id: row.id})
ON CREATE SET f.subject = row.subject, f.owner = row.owner, f.name = row.name, f.key = row.key, f.value = row.value,
  f.at = datetime(row.at), f.label = CASE row.subject WHEN 'label' THEN row.key END
WITH f, row WHERE f.at < datetime(row.at) OR (f.at = datetime(row.at) AND f.value < row.value)
SET f.value = row.value, f.at = datetime(row.at);
