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

  // Members: people, what they may do, what they did, and the networks that are theirs.
  `CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password TEXT, totp TEXT,
     totp_step INTEGER NOT NULL DEFAULT 0, operator INTEGER NOT NULL DEFAULT 0, disabled INTEGER,
     language TEXT NOT NULL DEFAULT 'en', created INTEGER NOT NULL);
   CREATE TABLE memberships (user_id TEXT NOT NULL, organisation TEXT NOT NULL, role TEXT NOT NULL,
     since INTEGER NOT NULL, PRIMARY KEY (user_id, organisation));
   CREATE TABLE sign_ins (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, organisation TEXT,
     stage TEXT NOT NULL, created INTEGER NOT NULL, last_used INTEGER NOT NULL, expires INTEGER NOT NULL,
     agent TEXT NOT NULL, remote TEXT NOT NULL);
   CREATE TABLE passkeys (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, public_key TEXT NOT NULL,
     counter INTEGER NOT NULL, transports TEXT NOT NULL, label TEXT NOT NULL, created INTEGER NOT NULL,
     last_used INTEGER);
   CREATE TABLE identities (issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id TEXT NOT NULL,
     networks TEXT NOT NULL DEFAULT '[]', created INTEGER NOT NULL, PRIMARY KEY (issuer, subject));
   CREATE TABLE errands (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, detail TEXT NOT NULL,
     created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER);
   CREATE INDEX errands_by_owner ON errands (owner, kind);
   CREATE TABLE providers (name TEXT PRIMARY KEY, title TEXT NOT NULL, issuer TEXT NOT NULL, client_id TEXT NOT NULL,
     client_secret TEXT NOT NULL, scope TEXT NOT NULL, admits TEXT NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, organisation TEXT NOT NULL,
     action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, remote TEXT NOT NULL, hash TEXT NOT NULL);
   CREATE TABLE throttle (name TEXT PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL);
   ALTER TABLE tokens ADD COLUMN id TEXT NOT NULL DEFAULT '';
   UPDATE tokens SET id = substr(hash, 1, 32);
   ALTER TABLE tokens ADD COLUMN organisation TEXT;
   ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
   ALTER TABLE tokens ADD COLUMN author TEXT NOT NULL DEFAULT '';
   ALTER TABLE tokens ADD COLUMN last_used INTEGER;
   ALTER TABLE tokens ADD COLUMN revoked INTEGER;
   ALTER TABLE organisations ADD COLUMN sector TEXT NOT NULL DEFAULT '';
   ALTER TABLE organisations ADD COLUMN economy TEXT NOT NULL DEFAULT '';
   CREATE TABLE claims (id TEXT PRIMARY KEY, organisation TEXT NOT NULL, resource TEXT NOT NULL, method TEXT NOT NULL,
     state TEXT NOT NULL, nonce TEXT NOT NULL, evidence TEXT NOT NULL, author TEXT NOT NULL,
     author_id TEXT NOT NULL,
     requested INTEGER NOT NULL, proved INTEGER, expires INTEGER);
   CREATE INDEX claims_by_organisation ON claims (organisation);
   CREATE TABLE sensor_addresses (sensor TEXT NOT NULL, address TEXT NOT NULL, last INTEGER NOT NULL,
     PRIMARY KEY (sensor, address));
   CREATE TABLE customers (id TEXT PRIMARY KEY, organisation TEXT NOT NULL, prefix TEXT NOT NULL, title TEXT NOT NULL,
     contact TEXT NOT NULL);
   CREATE TABLE cases (id INTEGER PRIMARY KEY, organisation TEXT NOT NULL, subject TEXT NOT NULL, cause TEXT NOT NULL,
     severity INTEGER NOT NULL, state TEXT NOT NULL, assignee TEXT NOT NULL DEFAULT '', opened INTEGER NOT NULL,
     first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, events INTEGER NOT NULL DEFAULT 0,
     quiet_days INTEGER NOT NULL, closed INTEGER, relapses INTEGER NOT NULL DEFAULT 0);
   CREATE UNIQUE INDEX cases_by_subject ON cases (organisation, subject, cause);
   CREATE TABLE case_log (id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
     kind TEXT NOT NULL, detail TEXT NOT NULL);
   CREATE INDEX case_log_by_case ON case_log (case_id, id);`,

  // Alerts: what to watch for, whom to tell, what was told and what came of it.
  `CREATE TABLE channels (id TEXT PRIMARY KEY, organisation TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
     target TEXT NOT NULL, digest_minutes INTEGER NOT NULL, quiet_from INTEGER, quiet_until INTEGER,
     author TEXT NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE alert_rules (id TEXT PRIMARY KEY, organisation TEXT NOT NULL, title TEXT NOT NULL,
     condition TEXT NOT NULL, channels TEXT NOT NULL, snoozed INTEGER, escalate_minutes INTEGER,
     escalate_to TEXT, author TEXT NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE alert_states (id INTEGER PRIMARY KEY, rule TEXT NOT NULL, key TEXT NOT NULL, detail TEXT NOT NULL,
     opened INTEGER NOT NULL, last INTEGER NOT NULL, closed INTEGER, acknowledged TEXT, escalated INTEGER);
   CREATE INDEX alert_states_by_rule ON alert_states (rule, key);
   CREATE TABLE deliveries (id INTEGER PRIMARY KEY, organisation TEXT NOT NULL, channel TEXT NOT NULL,
     rule TEXT NOT NULL, text TEXT NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL, state TEXT NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '', sent INTEGER);
   CREATE INDEX deliveries_by_state ON deliveries (state, due);`,

  // Who gets reports by mail, and until when they have had them.
  `CREATE TABLE subscriptions (user_id TEXT NOT NULL, organisation TEXT NOT NULL, period TEXT NOT NULL,
     last TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, PRIMARY KEY (user_id, organisation, period));`,

  // Payloads that attackers pointed at, and what a fetcher brought.
  `CREATE TABLE fetches (id TEXT PRIMARY KEY, url TEXT NOT NULL, host TEXT NOT NULL, tool TEXT NOT NULL,
     state TEXT NOT NULL, seen INTEGER NOT NULL, taken INTEGER, done INTEGER, tries INTEGER NOT NULL,
     sha256 TEXT NOT NULL, size INTEGER NOT NULL, detail TEXT NOT NULL, hops TEXT NOT NULL, sight TEXT NOT NULL);
   CREATE INDEX fetches_by_state ON fetches (state, seen);
   CREATE INDEX fetches_by_taken ON fetches (taken, host);`,
]
