import { csv } from '../../api/csv.ts'
import { htmlLetter } from './html.ts'
import { pdfLetter } from './pdf.ts'
import { oneLine, textLetter, type LetterOptions } from './text.ts'
import { xarf, type Reporter } from './xarf.ts'
import type { Pack } from './pack.ts'

/** A form in which a pack can be had. */
export interface PackFormat {
  readonly media: string
  readonly extension: string
  readonly render: (pack: Pack, options: LetterOptions & { reporter: Reporter }) => string | Promise<Buffer>
}

/** Every form. A new one is an entry here. */
export const packFormats = {
  text: { media: 'text/plain; charset=utf-8', extension: 'txt', render: textLetter },
  html: { media: 'text/html; charset=utf-8', extension: 'html', render: htmlLetter },
  pdf: { media: 'application/pdf', extension: 'pdf', render: pdfLetter },
  xarf: {
    media: 'application/json',
    extension: 'xarf.json',
    render: (pack, { reporter }) => `${JSON.stringify(xarf(pack, reporter), null, 2)}\n`,
  },
  csv: {
    media: 'text/csv; charset=utf-8',
    extension: 'csv',
    render: (pack) =>
      csv(
        pack.lines.map((line) => ({
          time: line.time,
          source: line.source,
          source_port: line.source_port,
          transport: line.transport,
          service: line.service,
          target_port: line.target_port,
          what: oneLine(line.text),
        })),
      ),
  },
} as const satisfies Record<string, PackFormat>
export type PackFormatName = keyof typeof packFormats
export const packFormatNames = Object.keys(packFormats) as [PackFormatName, ...PackFormatName[]]
