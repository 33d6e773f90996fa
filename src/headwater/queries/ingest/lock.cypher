// name: ingest/lock(buckets)
// Take the write locks of the buckets, in the order given, and count the change; say how many re-bindings wait, and whether
// anything was ever erased.
// Every name and run id belongs to one bucket. Sorted buckets cannot deadlock.
// param buckets: list[int]   buckets 0..255, ascending
// returns: waiting int, has_erasures bool
// cost: one write a bucket
// browser: :param buckets => [3, 17]
UNWIND $buckets AS bucket
MERGE (l:Lock {bucket: bucket})
ON CREATE SET l.held = 1
ON MATCH SET l.held = l.held + 1
WITH count(*) AS taken
OPTIONAL MATCH (b:Rebinding)
RETURN count(b) AS waiting, EXISTS { MATCH (e:Erasure) WHERE e.id >= '' } AS has_erasures;
