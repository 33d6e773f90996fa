// name: neo4j/runs(runs, pointers, consumed, produced, run_id, is_state)
// Every node with one of the labels of runs, what it read and what it wrote, in whichever direction the relations point.
// Labels and types are compared, never pasted. Of what it read: whether a run wrote it, and which, if nodes are states.
// param runs: list[str]   labels of runs
// param pointers: list[str]   labels of what runs read and write
// param consumed: list[str]   types of the relations between a run and what it read
// param produced: list[str]   types of the relations between a run and what it wrote
// param run_id: str   the property that is a run's id
// param is_state: bool   whether a node is one state, not a name with many
// returns: element str, run json, consumed json, produced json
// cost: all nodes; the relations of runs, and of what they read
// browser: :param runs => ['Job']
// browser: :param pointers => ['Dataset']
// browser: :param consumed => ['READS']
// browser: :param produced => ['WRITES']
// browser: :param run_id => 'id'
// browser: :param is_state => false
MATCH (r) WHERE any(label IN labels(r) WHERE label IN $runs)
RETURN elementId(r) AS element, properties(r) AS run,
  [(r)-[e]-(p) WHERE type(e) IN $consumed AND any(label IN labels(p) WHERE label IN $pointers) | {
    element: elementId(p), pointer: properties(p), relation: properties(e),
    is_made: EXISTS { (p)-[w]-(m) WHERE type(w) IN $produced AND any(label IN labels(m) WHERE label IN $runs) },
    makers: CASE WHEN $is_state THEN [
      (p)-[w]-(m) WHERE type(w) IN $produced AND any(label IN labels(m) WHERE label IN $runs)
      | {element: elementId(m), id: m[$run_id]}] ELSE [] END
  }] AS consumed,
  [(r)-[e]-(p) WHERE type(e) IN $produced AND any(label IN labels(p) WHERE label IN $pointers) | {
    element: elementId(p), pointer: properties(p), relation: properties(e)
  }] AS produced;
