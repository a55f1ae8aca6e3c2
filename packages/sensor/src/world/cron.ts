import type { Session } from '../runtime/service.ts'
import { rest } from '../runtime/rest.ts'
import { Shell } from './shell.ts'

/** How many jobs of one table are run, and how long a line is. */
const [most, longest] = [5, 4096]

/** The commands of a crontab (crontab(5)), whatever else is in the file: those that write it rarely care. */
export function jobsOf(table: string, system = false): string[] {
  const jobs: string[] = []
  for (const line of table.slice(0, 65_536).split(/\r?\n/)) {
    const match = /^\s{0,32}(?:@\w{1,16}|(?:[\d*/,-]{1,32}[ \t]{1,8}){4}[\d*/,a-z-]{1,32})[ \t]{1,8}(\S.*)$/i.exec(line)
    const job = match?.[1]?.slice(0, longest)
    if (job === undefined) continue
    // Tables of the system name a user first; some of those that are written elsewhere do, too.
    jobs.push(job.replace(system ? /^\S{1,32}\s+/ : /^root\s+/, ''))
    if (jobs.length >= most) break
  }
  return jobs
}

/** Tables of cron(8), wherever they lie. */
const tables = /^\/(?:var\/spool\/cron\/|etc\/crontab$|etc\/cron\.d\/)/
/** What has run of each session: a job that writes its table anew does not run for ever. */
const ran = new WeakMap<Session, Set<string>>()
const mostTables = 8

/**
 * Cron looks at its tables each minute: a table that the attacker has written runs then, if the attacker is still here.
 * @param parent the event that wrote it
 */
export function minuteOf(session: Session, path: string, table: Uint8Array, parent: string): void {
  if (!tables.test(path)) return
  const text = Buffer.from(table.subarray(0, 65_536)).toString('utf8')
  const known = ran.get(session) ?? new Set<string>()
  ran.set(session, known)
  if (known.has(`${path} ${text}`) || known.size >= mostTables || jobsOf(text).length === 0) return
  known.add(`${path} ${text}`)
  const now = Date.now()
  void rest(60_000 - (now % 60_000) + 300, session.signal)
    .then(() => runCron(session, path, text, parent))
    .catch(session.fault)
}

/**
 * Runs what an attacker has left for cron to run, once and as root: the next minute comes at once. What it prints goes
 * nowhere, as cron's mail does.
 * @param parent the event that left it
 */
export async function runCron(session: Session, path: string, table: string, parent: string): Promise<void> {
  for (const job of jobsOf(table, /^\/etc\/cron(?:tab|\.d\/)/.test(path))) {
    if (session.signal.aborted) return
    await new Shell(session, 'root').run(Buffer.from(job), { terminal: false, parent })
  }
}
