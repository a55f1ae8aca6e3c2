import type { Session } from '../runtime/service.ts'

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

/** The jobs of a table that was written, where it is one that cron reads and has not run in this session. */
export function dueOf(session: Session, path: string, table: Uint8Array): readonly string[] {
  if (!tables.test(path)) return []
  const text = Buffer.from(table.subarray(0, 65_536)).toString('utf8')
  const known = ran.get(session) ?? new Set<string>()
  ran.set(session, known)
  const jobs = jobsIn(path, text)
  if (known.has(`${path} ${text}`) || known.size >= mostTables || jobs.length === 0) return []
  known.add(`${path} ${text}`)
  return jobs
}

/** The jobs of a file, by where it lies: tables of the system name a user. */
export const jobsIn = (path: string, text: string): string[] => jobsOf(text, /^\/etc\/cron(?:tab|\.d\/)/.test(path))
