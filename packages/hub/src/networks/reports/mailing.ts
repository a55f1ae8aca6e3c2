import type { Log } from '@skep/vocabulary'
import { reachOf } from '../../access/caller.ts'
import { Redactor } from '../../access/redact.ts'
import { roles } from '../../access/roles.ts'
import type { Mailer } from '../../mail.ts'
import type { Relational } from '../../relational/database.ts'
import type { Store } from '../../store/client.ts'
import { reportNames } from './columns.ts'
import { dailyReport, fileName } from './shadowserver.ts'
import { headline, lastPeriod, summarise, summaryHtml, summaryPdf, summaryText } from './summary.ts'

export interface MailingParts {
  readonly store: Store
  readonly relational: Relational
  readonly mailer: Mailer
  readonly publicPortal: () => string
  readonly log: Log
}

/** Events arrive late: a day is told when it has been over for so long. */
const settle = 2 * 3_600_000

/**
 * Sends the reports that are due: daily the CSV files, weekly and monthly the summary as HTML and PDF. Each once.
 * @returns how many went
 */
export async function sendReports(parts: MailingParts, now = Date.now()): Promise<number> {
  const { relational, mailer, store } = parts
  if (!mailer.ready) return 0
  let sent = 0
  for (const one of await relational.people.subscriptions()) {
    const { window, name } = lastPeriod(one.period, now - settle)
    if (one.last >= name) continue
    // Noted before it is sent: a report twice is worse than one that a broken mail server swallowed, and that is logged.
    if (!(await relational.people.reported(one.user_id, one.organisation, one.period, name))) continue
    try {
      const link = `${parts.publicPortal()}/mine?since=${window.since.slice(0, 10)}&until=${new Date(Date.parse(window.until) + 1).toISOString().slice(0, 10)}`
      const summary = await summarise({ store, relational }, one.organisation, window)
      const title = `${one.organisation}, ${name}`
      const attachments: { filename: string; content: string | Buffer; contentType: string }[] = []
      if (one.period === 'daily') {
        const reach = { ...(await reachOf(relational, one.organisation)), sensors: [] }
        const redactor = new Redactor(await relational.fleet.addresses())
        const can: readonly string[] = roles[one.role]
        for (const type of reportNames) {
          const { csv, lines } = await dailyReport(store, type, name, { reach }, can.includes('secrets'), redactor)
          if (lines > 0)
            attachments.push({
              filename: fileName(type, name, one.organisation),
              content: csv,
              contentType: 'text/csv',
            })
        }
        // Nothing happened: no mail that says so every day.
        if (attachments.length === 0) continue
      } else
        attachments.push({
          filename: `skep-${one.organisation}-${name}.pdf`,
          content: await summaryPdf(summary, title),
          contentType: 'application/pdf',
        })
      await mailer.send({
        to: one.email,
        subject: `Skep ${title}: ${headline(summary).slice(0, 120)}`,
        text: summaryText(summary, link),
        html: summaryHtml(summary, link),
        attachments,
      })
      sent++
    } catch (error) {
      parts.log.error(`the ${one.period} report ${name} to ${one.email} was not sent: ${String(error)}`)
    }
  }
  return sent
}
