// name: schema/001_lineage()
// The first schema: components, runs, states, what was read, annotations, locks.
// returns: nothing
// cost: once a store
CREATE CONSTRAINT pointer_id IF NOT EXISTS FOR (p:IOPointer) REQUIRE p.id IS UNIQUE;
CREATE CONSTRAINT run_id IF NOT EXISTS FOR (r:ComponentRun) REQUIRE r.id IS UNIQUE;
CREATE CONSTRAINT component_name IF NOT EXISTS FOR (c:Component) REQUIRE c.name IS UNIQUE;
CREATE CONSTRAINT annotation_id IF NOT EXISTS FOR (a:Annotation) REQUIRE a.id IS UNIQUE;
CREATE CONSTRAINT rebinding_id IF NOT EXISTS FOR (b:Rebinding) REQUIRE b.id IS UNIQUE;
CREATE CONSTRAINT lock_bucket IF NOT EXISTS FOR (l:Lock) REQUIRE l.bucket IS UNIQUE;
CREATE INDEX pointer_time IF NOT EXISTS FOR (p:IOPointer) ON (p.name, p.produced_at, p.run);
CREATE INDEX pointer_digest IF NOT EXISTS FOR (p:IOPointer) ON (p.digest, p.name, p.produced_at, p.run);
CREATE INDEX pointer_name IF NOT EXISTS FOR (p:IOPointer) ON (p.name);
CREATE INDEX pointer_flag IF NOT EXISTS FOR (p:IOPointer) ON (p.flagged);
CREATE INDEX run_component IF NOT EXISTS FOR (r:ComponentRun) ON (r.component, r.started_at, r.id);
CREATE INDEX run_start IF NOT EXISTS FOR (r:ComponentRun) ON (r.started_at, r.id);
CREATE INDEX consumed_time IF NOT EXISTS FOR ()-[c:CONSUMED_BY]-() ON (c.name, c.lane, c.at, c.run);
CREATE INDEX annotation_target IF NOT EXISTS FOR (a:Annotation) ON (a.target);
CREATE INDEX annotation_key IF NOT EXISTS FOR (a:Annotation) ON (a.kind, a.key);
CALL db.awaitIndexes(5);
UNWIND range(0, 255) AS bucket MERGE (l:Lock {bucket: bucket}) ON CREATE SET l.held = 0;
