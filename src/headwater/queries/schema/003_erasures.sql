-- name: schema/003_erasures()
-- Erasures, whose rows were read or written, and the register and the vault of requests for deletion.
-- returns: nothing
-- cost: once a store
CREATE TABLE erasure (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, request TEXT NOT NULL, target TEXT, match TEXT, salt TEXT, replacement TEXT,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_by_target ON erasure(target) WHERE target IS NOT NULL;
CREATE INDEX erasure_by_match ON erasure(match) WHERE match IS NOT NULL;
CREATE INDEX erasure_by_replacement ON erasure(replacement) WHERE replacement IS NOT NULL;
CREATE TABLE salt (text TEXT PRIMARY KEY, is_own INTEGER NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE run ADD COLUMN erased TEXT;
ALTER TABLE state ADD COLUMN erased TEXT;
CREATE INDEX facet_by_label ON facet(key, owner, name) WHERE subject = 'label';
CREATE TABLE register (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;
CREATE TABLE vault (
  request TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (request, key)
) STRICT, WITHOUT ROWID;
