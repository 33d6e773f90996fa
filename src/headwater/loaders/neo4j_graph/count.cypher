// name: neo4j/count(runs)
// How many nodes have one of the labels of runs.
// param runs: list[str]   labels of runs
// returns: runs int
// cost: all nodes
// browser: :param runs => ['Job']
MATCH (r) WHERE any(label IN labels(r) WHERE label IN $runs) RETURN count(r) AS runs;
