/**
 * The steps that make the relational state; only ever appended to. Written so that SQLite and PostgreSQL take them
 * alike (the driver gives PostgreSQL its own names for the types). Times are milliseconds since 1970.
 */
export const steps: readonly string[] = [
  `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
   CREATE TABLE tokens (hash TEXT PRIMARY KEY, role TEXT NOT NULL, label TEXT NOT NULL, created INTEGER NOT NULL,
     expires INTEGER, single_use INTEGER NOT NULL DEFAULT 0, used INTEGER);
   CREATE TABLE sensors (name TEXT PRIMARY KEY, token_hash TEXT, created INTEGER NOT NULL, last_seen INTEGER, heartbeat TEXT);
   CREATE TABLE ranges (sensor TEXT NOT NULL, boot TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
     PRIMARY KEY (sensor, boot, first));
   CREATE TABLE dropped (sensor TEXT NOT NULL, boot TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
     reason TEXT NOT NULL, PRIMARY KEY (sensor, boot, first));
   CREATE TABLE dead_letters (id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, received INTEGER NOT NULL,
     reason TEXT NOT NULL, body BLOB NOT NULL);`,

  // Sensors everywhere: certificates instead of shared keys, organisations, the fleet and what is wanted of it.
  `DELETE FROM tokens WHERE role = 'sensor';
   CREATE TABLE organisations (name TEXT PRIMARY KEY, title TEXT NOT NULL, created INTEGER NOT NULL);
   ALTER TABLE sensors ADD COLUMN title TEXT NOT NULL DEFAULT '';
   ALTER TABLE sensors ADD COLUMN organisation TEXT NOT NULL DEFAULT 'home';
   ALTER TABLE sensors ADD COLUMN fleet_group TEXT NOT NULL DEFAULT 'all';
   ALTER TABLE sensors ADD COLUMN ring INTEGER NOT NULL DEFAULT 1;
   ALTER TABLE sensors ADD COLUMN place TEXT NOT NULL DEFAULT '';
   ALTER TABLE sensors ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
   ALTER TABLE sensors ADD COLUMN last_beat INTEGER;
   ALTER TABLE sensors ADD COLUMN last_event INTEGER;
   ALTER TABLE sensors ADD COLUMN skew_ms INTEGER;
   ALTER TABLE sensors ADD COLUMN rtt_ms INTEGER;
   ALTER TABLE sensors ADD COLUMN remote TEXT;
   ALTER TABLE sensors ADD COLUMN stopped INTEGER;
   CREATE TABLE invites (hash TEXT PRIMARY KEY, organisation TEXT NOT NULL, fleet_group TEXT NOT NULL,
     ring INTEGER NOT NULL, label TEXT NOT NULL, author TEXT NOT NULL, created INTEGER NOT NULL,
     expires INTEGER NOT NULL, used INTEGER, used_by TEXT);
   CREATE TABLE certificates (serial TEXT PRIMARY KEY, sensor TEXT NOT NULL, key_hash TEXT NOT NULL,
     issued INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER);
   CREATE TABLE boots (sensor TEXT NOT NULL, boot TEXT NOT NULL, first_heard INTEGER NOT NULL,
     last_heard INTEGER NOT NULL, made INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0,
     duplicates INTEGER NOT NULL DEFAULT 0, epoch_ms DOUBLE PRECISION, epoch_error DOUBLE PRECISION,
     version TEXT NOT NULL DEFAULT '', closed INTEGER, PRIMARY KEY (sensor, boot));
   CREATE TABLE desired (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, document TEXT NOT NULL, author TEXT NOT NULL,
     note TEXT NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE fleet_log (id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
     detail TEXT NOT NULL);
   CREATE INDEX fleet_log_by_sensor ON fleet_log (sensor, at);
   CREATE TABLE fleet_alerts (id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, kind TEXT NOT NULL,
     since INTEGER NOT NULL, cleared INTEGER, detail TEXT NOT NULL);
   CREATE TABLE refusals (sensor TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL, last INTEGER NOT NULL,
     PRIMARY KEY (sensor, code));
   CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL);
   CREATE TABLE inflight (token TEXT PRIMARY KEY, hub TEXT NOT NULL, created INTEGER NOT NULL, head TEXT NOT NULL,
     body BLOB NOT NULL);
   CREATE TABLE inflight_ranges (token TEXT NOT NULL, sensor TEXT NOT NULL, boot TEXT NOT NULL,
     first INTEGER NOT NULL, last INTEGER NOT NULL);
   CREATE INDEX inflight_by_boot ON inflight_ranges (sensor, boot);
   CREATE TABLE releases (version TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE rollouts (id INTEGER PRIMARY KEY, version TEXT NOT NULL, ring INTEGER NOT NULL, state TEXT NOT NULL,
     gate_ms INTEGER NOT NULL, started INTEGER NOT NULL, stepped INTEGER NOT NULL, detail TEXT NOT NULL);
   ALTER TABLE dead_letters ADD COLUMN boot TEXT NOT NULL DEFAULT '';
   ALTER TABLE dead_letters ADD COLUMN seq INTEGER NOT NULL DEFAULT -1;
   ALTER TABLE dead_letters ADD COLUMN provenance TEXT NOT NULL DEFAULT 'live';`,
]
