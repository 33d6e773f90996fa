// name: store/run_ids(after, most)
// The ids of runs, behind the last one of the page before.
// param after: str   id of that last run; empty for the first page
// param most: int   how many
// returns: id str
// order: id
// cost: one index seek, then the page
// browser: :param after => ''
// browser: :param most => 500
MATCH (r:ComponentRun) WHERE r.id > $after
RETURN r.id AS id ORDER BY r.id LIMIT $most;
