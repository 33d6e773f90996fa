-- name: ingest/lock(buckets)
-- Take the write locks of the buckets, in the order given, and count the change; say how many re-bindings wait, and whether
-- anything was ever erased.
-- Every name and run id belongs to one bucket. Sorted buckets cannot deadlock.
-- param buckets: list[int]   buckets 0..255, ascending
-- returns: waiting int, has_erasures bool
-- cost: one write a bucket
-- browser: :param buckets => [3, 17]
UPDATE lock SET held = held + 1 WHERE bucket IN (SELECT value FROM json_each(:buckets));
SELECT (SELECT count(*) FROM rebinding), EXISTS (SELECT 1 FROM erasure WHERE id >= '');
