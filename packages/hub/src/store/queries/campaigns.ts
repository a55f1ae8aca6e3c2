import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { orderBy, page, within, type Page, type Scope } from '../scope.ts'
import { raw, sql, string, time, type Sql } from '../sql.ts'

// Platforms that serve anybody's files: the host says nothing, the whole URL does.
const everybodys = [
  'raw.githubusercontent.com',
  'github.com',
  'gist.githubusercontent.com',
  'objects.githubusercontent.com',
  'gitlab.com',
  'bitbucket.org',
  'codeberg.org',
  'pastebin.com',
  'paste.ee',
  'termbin.com',
  'transfer.sh',
  '0x0.st',
  'file.io',
  'temp.sh',
  'catbox.moe',
  'files.catbox.moe',
  'cdn.discordapp.com',
  'drive.google.com',
  'docs.google.com',
  'storage.googleapis.com',
  's3.amazonaws.com',
  'dl.dropboxusercontent.com',
  'www.dropbox.com',
  'archive.org',
  'bit.ly',
  'tinyurl.com',
  'localhost.run',
  'trycloudflare.com',
]
// Asked by scripts of every kind to learn their own address.
const mirrors = [
  'ipinfo.io',
  'ifconfig.me',
  'ifconfig.co',
  'icanhazip.com',
  'api.ipify.org',
  'ip-api.com',
  'checkip.amazonaws.com',
  'ident.me',
  'ip.sb',
  'myip.ipip.net',
]

const quoted = (list: readonly string[]): string => list.map((one) => `'${one}'`).join(', ')
const host = 'lower(domain(events.url))'
/**
 * What marks an event, as (type, value), or ('', ''). Files of a few bytes are words such as "ok", which everybody
 * writes to see whether a folder can be written to.
 */
const anchor = raw(
  `multiIf(events.kind = 'artifact.stored' AND events.size >= 64, ('file', toString(events.sha256)), ` +
    `events.kind = 'key.planted' AND events.fingerprint != '', ('key', toString(events.fingerprint)), ` +
    `events.kind != 'payload.seen' OR ${host} = '' OR ${host} IN (${quoted(mirrors)}), ('', ''), ` +
    `${host} IN (${quoted(everybodys)}), ('url', toString(events.url)), ('host', ${host}))`,
)
const marking = sql`events.kind IN ('artifact.stored', 'key.planted', 'payload.seen')`
const latest = sql`campaigns.run = (SELECT max(newest.run) FROM skep.campaigns AS newest)`
const anchorType = z.enum(['file', 'key', 'host', 'url'])

/** Addresses are looked at in so many parts, each of so many sets at most, so that the memory stays bounded. */
export const anchorSetParts = 8
export const anchorSetMost = 50_000

/**
 * What one address brought to one sensor within an hour (an attack is often several connections: one carries the
 * program, another starts it), and how many addresses brought the same. The window is of the time of
 * arrival: what is imported from years ago is looked at too.
 */
export const anchorSets = query({
  name: 'anchor sets',
  row: z.object({
    anchors: z.array(z.tuple([anchorType, z.string()])),
    sources: number,
    some: z.array(address),
    first_seen: instant,
    last_seen: instant,
  }),
  build: ({ window, part }: { window: Window; part: number }) =>
    sql`SELECT anchors, uniqExact(source) AS sources, arrayMap(x -> toString(x), groupUniqArray(3)(source)) AS some,
          min(first) AS first_seen, max(last) AS last_seen
        FROM (SELECT events.source_ip AS source, min(events.time) AS first, max(events.time) AS last,
                arraySort(groupUniqArray(40)(${anchor})) AS all, arrayFilter(x -> x.1 != '', all) AS anchors
              FROM skep.events AS events
              WHERE events.received >= ${time(window.since)} AND events.received < ${time(window.until)}
                AND events.provenance != 'quarantine' AND ${marking}
                AND cityHash64(events.source_ip) % ${{ type: 'UInt8', value: anchorSetParts }} = ${{ type: 'UInt8', value: part }}
              GROUP BY events.source_ip, events.sensor, toStartOfHour(events.time))
        WHERE notEmpty(anchors) GROUP BY anchors ORDER BY sources DESC LIMIT ${{ type: 'UInt32', value: anchorSetMost }}`,
})

/** The anchors of all campaigns, or of one, at the last look. */
export const campaignAnchors = query({
  name: 'campaign anchors',
  row: z.object({
    campaign: z.string(),
    name: z.string(),
    grade: z.enum(['A', 'B']),
    type: anchorType,
    value: z.string(),
    first_seen: instant,
    last_seen: instant,
    sources: number,
  }),
  build: ({ campaign }: { campaign?: string }) =>
    sql`SELECT campaign, name, grade, type, value, campaigns.first_seen AS first_seen, campaigns.last_seen AS last_seen, sources
        FROM skep.campaigns AS campaigns WHERE ${latest}
          ${campaign === undefined ? sql`` : sql`AND campaign = ${string(campaign)}`}
        ORDER BY campaign, sources DESC, value`,
})

/** Events that carry an anchor of a campaign, with the campaign: what every view of campaigns counts. */
export const marked = (window: Window, scope: Scope | undefined, campaign?: string): Sql =>
  sql`(SELECT campaigns.campaign AS campaign, campaigns.name AS name, campaigns.grade AS grade, found.1 AS type, found.2 AS value,
        seen.source_ip AS source_ip, seen.asn AS asn, seen.as_name AS as_name, seen.economy AS economy, seen.sensor AS sensor, seen.session AS session, seen.time AS time
      FROM (SELECT ${anchor} AS found, source_ip, asn, as_name, economy, sensor, session, time FROM skep.events AS events
            WHERE ${within('events', window, scope)} AND ${marking}) AS seen
      GLOBAL INNER JOIN (SELECT campaign, name, grade, type, value FROM skep.campaigns AS campaigns WHERE ${latest}
        ${campaign === undefined ? sql`` : sql`AND campaign = ${string(campaign)}`}) AS campaigns
      ON seen.found.1 = campaigns.type AND seen.found.2 = campaigns.value)`

export const campaignSorts = ['sources', 'sessions', 'last_seen', 'first_seen', 'networks', 'sensors'] as const

/** Campaigns that were active in a window and a scope. */
export const campaignList = query({
  name: 'campaigns',
  row: z.object({
    campaign: z.string(),
    name: z.string(),
    grade: z.enum(['A', 'B']),
    sources: number,
    networks: number,
    economies: number,
    sessions: number,
    sensors: number,
    files: number,
    keys: number,
    hosts: number,
    first_seen: instant,
    last_seen: instant,
  }),
  build: (p: {
    window: Window
    scope?: Scope
    page: Page
    sort?: string | undefined
    descending?: boolean
    contains?: string | undefined
    campaign?: string
  }) =>
    sql`SELECT campaign, any(marked.name) AS name, any(marked.grade) AS grade, uniqExact(source_ip) AS sources, uniqExact(asn) AS networks,
          uniqExact(economy) AS economies, uniqExact(session) AS sessions, uniqExact(sensor) AS sensors,
          uniqExactIf(value, type = 'file') AS files, uniqExactIf(value, type = 'key') AS keys,
          uniqExactIf(value, type IN ('host', 'url')) AS hosts, min(time) AS first_seen, max(time) AS last_seen
        FROM ${marked(p.window, p.scope, p.campaign)} AS marked
        GROUP BY campaign
        ${p.contains === undefined ? sql`` : sql`HAVING countIf(positionCaseInsensitive(value, ${string(p.contains)}) > 0) > 0`}
        ${orderBy(campaignSorts, p.sort, p.descending)}, campaign ${page(p.page)}`,
})

/** What marks one campaign, with how often it was seen in a window and a scope. */
export const campaignMarks = query({
  name: 'campaign marks',
  row: z.object({
    type: anchorType,
    value: z.string(),
    sources: number,
    sessions: number,
    first_seen: instant,
    last_seen: instant,
    session: z.string(),
  }),
  build: (p: { window: Window; scope?: Scope; campaign: string; page: Page }) =>
    sql`SELECT type, value, uniqExact(source_ip) AS sources, uniqExact(marked.session) AS sessions, min(time) AS first_seen, max(time) AS last_seen,
          toString(argMax(marked.session, marked.time)) AS session
        FROM ${marked(p.window, p.scope, p.campaign)} AS marked
        GROUP BY type, value ORDER BY sources DESC, type, value ${page(p.page)}`,
})

/** The addresses that take part in one campaign. */
export const campaignSources = query({
  name: 'campaign sources',
  row: z.object({
    source: address,
    asn: number,
    as_name: z.string(),
    economy: z.string(),
    sessions: number,
    sensors: number,
    first_seen: instant,
    last_seen: instant,
  }),
  build: (p: { window: Window; scope?: Scope; campaign: string; page: Page }) =>
    sql`SELECT toString(source_ip) AS source, any(marked.asn) AS asn, any(marked.as_name) AS as_name, any(marked.economy) AS economy,
          uniqExact(marked.session) AS sessions, uniqExact(sensor) AS sensors, min(time) AS first_seen, max(time) AS last_seen
        FROM ${marked(p.window, p.scope, p.campaign)} AS marked
        GROUP BY source_ip ORDER BY sessions DESC, source ${page(p.page)}`,
})

/** A campaign over time: addresses and conversations by day. */
export const campaignDays = query({
  name: 'campaign days',
  row: z.object({ day: z.string(), sources: number, sessions: number, networks: number }),
  build: (p: { window: Window; scope?: Scope; campaign: string }) =>
    sql`SELECT toString(toDate(time)) AS day, uniqExact(source_ip) AS sources, uniqExact(session) AS sessions, uniqExact(asn) AS networks
        FROM ${marked(p.window, p.scope, p.campaign)} AS marked GROUP BY day ORDER BY day`,
})

/** Campaigns in order of their ids, a part at a time, with what marks them: for sharing. */
export const foundCampaigns = query({
  name: 'found campaigns',
  row: z.object({
    value: z.string(),
    name: z.string(),
    grade: z.enum(['A', 'B']),
    marks: z.array(z.tuple([anchorType, z.string()])),
    events: number,
    sources: number,
    days: number,
    sensors: z.array(z.string()),
    first_seen: instant,
    last_seen: instant,
  }),
  build: (p: { window: Window; after: string; limit: number }) =>
    sql`SELECT campaign AS value, any(marked.name) AS name, any(marked.grade) AS grade,
          arraySort(groupUniqArray(200)((toString(marked.type), marked.value))) AS marks, count() AS events, uniqExact(source_ip) AS sources,
          uniqExact(toDate(time)) AS days, groupUniqArray(1000)(toString(sensor)) AS sensors, min(time) AS first_seen, max(time) AS last_seen
        FROM ${marked(p.window, undefined)} AS marked WHERE campaign > ${string(p.after)}
        GROUP BY campaign ORDER BY campaign LIMIT ${{ type: 'UInt32', value: p.limit }}`,
})

/** The command lines that the conversations of a campaign have in common, the commonest first. */
export const campaignCommands = query({
  name: 'campaign commands',
  row: z.object({ line: z.string(), sessions: number, sources: number }),
  build: (p: { window: Window; scope?: Scope; campaign: string; page: Page }) =>
    sql`SELECT events.line AS line, uniqExact(events.session) AS sessions, uniqExact(events.source_ip) AS sources FROM skep.events AS events
        WHERE ${within('events', p.window, p.scope)} AND events.kind = 'command.run'
          AND events.session GLOBAL IN (SELECT session FROM ${marked(p.window, p.scope, p.campaign)} AS marked LIMIT 10000)
        GROUP BY line ORDER BY sessions DESC, line ${page(p.page)}`,
})
