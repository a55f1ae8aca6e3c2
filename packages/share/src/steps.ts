/** The steps that make the tables of sharing; only ever appended to. Times are milliseconds unless said otherwise. */
export const steps: readonly string[] = [
  `CREATE TABLE share_communities (name TEXT PRIMARY KEY, title TEXT NOT NULL, tlp TEXT NOT NULL, kinds TEXT NOT NULL,
     numbers INTEGER NOT NULL, delay_minutes INTEGER NOT NULL, everyone INTEGER NOT NULL DEFAULT 0,
     created INTEGER NOT NULL, ended INTEGER);
   CREATE TABLE share_members (community TEXT NOT NULL, organisation TEXT NOT NULL, since INTEGER NOT NULL,
     revoked INTEGER, PRIMARY KEY (community, organisation));
   CREATE TABLE taxii_roots (name TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL,
     contact TEXT NOT NULL DEFAULT '', max_content_length INTEGER NOT NULL, position INTEGER NOT NULL);
   CREATE TABLE taxii_collections (root TEXT NOT NULL, id TEXT NOT NULL, alias TEXT, title TEXT NOT NULL,
     description TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL, can_read INTEGER NOT NULL, can_write INTEGER NOT NULL,
     media_types TEXT NOT NULL, review INTEGER NOT NULL DEFAULT 0, last_added INTEGER NOT NULL DEFAULT 0,
     position INTEGER NOT NULL, PRIMARY KEY (root, id));
   CREATE TABLE taxii_objects (collection TEXT NOT NULL, added INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
     version TEXT NOT NULL, version_us INTEGER NOT NULL, spec TEXT NOT NULL, is_first INTEGER NOT NULL, is_last INTEGER NOT NULL,
     author TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (collection, added));
   CREATE UNIQUE INDEX taxii_objects_by_id ON taxii_objects (collection, id, spec, version_us);
   CREATE INDEX taxii_objects_by_type ON taxii_objects (collection, type, added);
   CREATE INDEX taxii_objects_by_state ON taxii_objects (state, collection, added);
   CREATE TABLE taxii_status (id TEXT PRIMARY KEY, root TEXT NOT NULL, owner TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);
   CREATE TABLE taxii_logins (name TEXT PRIMARY KEY, password TEXT NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE share_targets (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL, dry INTEGER NOT NULL, settings TEXT NOT NULL,
     secret TEXT NOT NULL, since INTEGER NOT NULL);
   CREATE TABLE share_reports (id INTEGER PRIMARY KEY, target TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
     body TEXT NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL, sent INTEGER, answer TEXT NOT NULL);
   CREATE INDEX share_reports_due ON share_reports (state, due);
   CREATE INDEX share_reports_subject ON share_reports (target, subject, made);
   CREATE TABLE shadowserver_keys (key TEXT PRIMARY KEY, secret TEXT NOT NULL, organisation TEXT NOT NULL,
     label TEXT NOT NULL, created INTEGER NOT NULL, revoked INTEGER);
   CREATE TABLE hpfeeds_idents (ident TEXT PRIMARY KEY, secret TEXT NOT NULL, organisation TEXT NOT NULL, publishes TEXT NOT NULL,
     subscribes TEXT NOT NULL, created INTEGER NOT NULL);
   CREATE TABLE share_sinks (id TEXT PRIMARY KEY, settings TEXT NOT NULL, secret TEXT NOT NULL, place TEXT NOT NULL,
     sent INTEGER NOT NULL, problem TEXT NOT NULL, made INTEGER NOT NULL, last INTEGER)`,
  `CREATE TABLE share_yara (sha256 TEXT PRIMARY KEY, matches TEXT NOT NULL, problem TEXT NOT NULL, rules TEXT NOT NULL,
     at INTEGER NOT NULL);
   CREATE INDEX share_yara_by_rules ON share_yara (rules, at)`,
  `CREATE TABLE share_pulls (id TEXT PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, made INTEGER NOT NULL,
     last INTEGER, problem TEXT NOT NULL);
   CREATE TABLE share_pulled (feed TEXT NOT NULL, event TEXT NOT NULL, stamp INTEGER NOT NULL, info TEXT NOT NULL,
     PRIMARY KEY (feed, event));
   CREATE TABLE share_known (feed TEXT NOT NULL, event TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL);
   CREATE INDEX share_known_by_value ON share_known (value);
   CREATE INDEX share_known_by_event ON share_known (feed, event)`,
]
