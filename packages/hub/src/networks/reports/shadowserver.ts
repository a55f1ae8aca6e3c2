import type { z } from 'zod'
import { csvValue } from '../../api/csv.ts'
import type { Redactor } from '../../access/redact.ts'
import type { Store } from '../../store/client.ts'
import { reportRows, type ReportSelection } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import type { Scope } from '../../store/scope.ts'
import { reportTypes, type ReportName } from './columns.ts'

type Row = z.infer<typeof reportRows.row>
const day = 86_400_000
/** A report has so many lines at most; the worst network has a hundred thousand a day. */
const most = 100_000

/** Which events make a report. A type without an entry has no sensors that speak it: its file has a head and no lines. */
const selections: Partial<Record<ReportName, ReportSelection>> = {
  event4_honeypot_brute_force: { kinds: ['auth.attempt'] },
  event4_honeypot_http_scan: { kinds: ['request'], services: ['http', 'https'] },
  event4_honeypot_darknet: { kinds: ['scan.probe'] },
  event4_honeypot_smb_scan: { kinds: ['session.open', 'scan.probe'], services: ['smb', 'smbd', 'microsoft-ds'] },
  event4_honeypot_rdp_scan: { kinds: ['session.open', 'scan.probe'], services: ['rdp', 'ms-wbt-server'] },
  event4_honeypot_adb_scan: { kinds: ['session.open', 'command.run'], services: ['adb'] },
  event4_honeypot_ics_scan: { kinds: ['request', 'query'], services: ['modbus', 's7comm', 'bacnet', 'enip'] },
  event4_honeypot_ikev2_scan: { kinds: ['scan.probe'], services: ['ike', 'ikev2'] },
  event4_honeypot_rocketmq_scan: { kinds: ['request', 'query'], services: ['rocketmq'] },
}

const stamp = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`

/** The values of a line, by column; what is not known stays empty. Addresses of sensors are never known. */
function valuesOf(name: ReportName, row: Row, secrets: boolean, redactor: Redactor): Record<string, string | number> {
  return {
    timestamp: stamp(row.time),
    protocol: row.transport,
    src_ip: row.source,
    src_port: row.source_port,
    src_asn: row.asn === 0 ? '' : row.asn,
    src_geo: row.economy,
    severity: reportTypes[name].severity,
    dst_port: row.target_port,
    public_source: 'Skep',
    tag: row.service,
    application: row.service,
    event_id: row.id,
    service: row.service,
    start_time: stamp(row.time),
    end_time: stamp(row.last),
    client_version: row.ident,
    username: redactor.text(row.user),
    password: secrets ? row.secret : '',
    payload_url: redactor.text(row.url),
    count: row.count,
    http_url: redactor.text(row.target),
    http_agent: row.agent,
    http_request_method: row.method,
    url_scheme: row.target_port === 443 || row.target_port === 8443 ? 'https' : 'http',
    request_raw: redactor.bytes(Buffer.from(row.raw, 'base64')).toString('base64'),
    body_raw: row.body === '' ? '' : Buffer.from(redactor.text(row.body)).toString('base64'),
    request: redactor.text(row.statement),
  }
}

/** A day of one report in Shadowserver's form, with exactly its columns. @param date YYYY-MM-DD (UTC) */
export async function dailyReport(
  store: Store,
  name: ReportName,
  date: string,
  scope: Scope,
  secrets: boolean,
  redactor: Redactor,
): Promise<{ csv: string; lines: number }> {
  const { columns } = reportTypes[name]
  const selection = selections[name]
  const since = `${date}T00:00:00Z`
  const rows =
    selection === undefined
      ? []
      : (
          await run(store, reportRows, {
            window: { since, until: new Date(Date.parse(since) + day).toISOString() },
            scope,
            selection,
            limit: most,
          })
        ).rows
  const lines = rows.map((row) => {
    const values = valuesOf(name, row, secrets, redactor)
    return columns.map((column) => csvValue(values[column] ?? '')).join(',')
  })
  return { csv: [columns.join(','), ...lines].map((line) => `${line}\r\n`).join(''), lines: lines.length }
}

/** The name of a report's file, in the pattern that collectors of such reports know. */
export const fileName = (name: ReportName, date: string, organisation: string): string =>
  `${date}-${name}-${organisation}-asn.csv`
