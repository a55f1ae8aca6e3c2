import { fontNames, fontOf, runsOf, type FontName, type Run } from './fonts.ts'
import { openShaper, shaped } from './shaping.ts'

const page = { width: 595, height: 842, margin: 56 }
const ink = '#22201c'
const faint = '#6b655c'

/** The script of a language beside the Latin one. */
const scripts: Readonly<Record<string, FontName>> = {
  hi: 'devanagari',
  th: 'thai',
  km: 'khmer',
  zh: 'chinese',
  ja: 'japanese',
}

interface Style {
  readonly fonts: readonly FontName[]
  readonly size: number
  readonly colour?: string
  readonly indent?: number
  readonly background?: string
}

/** Words and marks such that a line may break before each, by the rules of the language (Thai and Khmer have no blanks). */
function* pieces(text: string, language: string): Generator<string> {
  let held = ''
  for (const { segment } of new Intl.Segmenter(language, { granularity: 'word' }).segment(text)) {
    // Blanks and closing marks stay with the word before them.
    if (held === '' || /^[\s.,;:!?)\]}»”’。、，；：！？）」』៖។]+$/u.test(segment)) held += segment
    else {
      yield held
      held = segment
    }
  }
  if (held !== '') yield held
}

/** The looks of text. */
export type Look = 'text' | 'bold' | 'title' | 'mono'

/** A document in the making: text flows down its pages. */
export interface Sheet {
  readonly write: (content: string, look?: Look, indent?: number) => void
  /** A name in grey and its value beside it. */
  readonly fact: (name: string, value: string) => void
  readonly gap: (points?: number) => void
  /** Horizontal bars with their values. */
  readonly bars: (rows: readonly { name: string; value: number }[]) => void
  /** Upright bars over time. */
  readonly columns: (values: readonly number[], first: string, last: string) => void
  readonly finish: () => Promise<Buffer>
}

/** Opens a document (PDF, A4). The library is only loaded when somebody asks. @param tag BCP 47 */
export async function openSheet(title: string, language: string, tag: string): Promise<Sheet> {
  const { default: PdfDocument } = await import('pdfkit')
  const doc = new PdfDocument({
    size: 'A4',
    margin: page.margin,
    bufferPages: true,
    lang: tag,
    info: { Title: title, Creator: 'Skep' },
    // The library's own fonts know Latin letters only, and are not with us.
    font: fontOf('latin').bytes as never,
  })
  const chunks: Buffer[] = []
  doc.on('data', (chunk: Buffer) => chunks.push(chunk))
  const whole = new Promise<Buffer>((resolve, reject) => {
    doc.once('end', () => resolve(Buffer.concat(chunks)))
    doc.once('error', reject)
  })
  for (const name of fontNames) doc.registerFont(name, fontOf(name).bytes)

  const script = scripts[language]
  const text: Style = { fonts: ['latin', ...(script === undefined ? [] : [script])], size: 10.5 }
  const bold: Style = { ...text, fonts: ['latin-bold', ...(script === undefined ? [] : [script])] }
  const mono: Style = { fonts: ['mono', 'latin'], size: 7.8, background: '#f2eee4' }
  let y = page.margin

  const shaper = script !== undefined && shaped.has(script) ? await openShaper(script) : undefined
  const wide = ({ font, text: words }: Run, size: number): number =>
    shaper !== undefined && shaped.has(font)
      ? shaper.width(words, size)
      : doc.font(font).fontSize(size).widthOfString(words)
  const widthOf = (runs: readonly Run[], size: number): number => runs.reduce((sum, run) => sum + wide(run, size), 0)
  const line = (content: string, style: Style, x: number): void => {
    const height = style.size * 1.5
    if (y + height > page.height - page.margin) {
      doc.addPage()
      y = page.margin
    }
    if (style.background !== undefined)
      doc.rect(page.margin - 4, y - 2, page.width - 2 * page.margin + 8, height).fill(style.background)
    let at = x
    for (const run of runsOf(content, style.fonts)) {
      const colour = style.colour ?? ink
      if (shaper !== undefined && shaped.has(run.font)) {
        // Who copies it, or has it read aloud, gets the letters.
        doc.markContent('Span', { actual: run.text })
        shaper.draw(doc, run.text, at, y, style.size, colour)
        doc.endMarkedContent()
      } else doc.font(run.font).fontSize(style.size).fillColor(colour).text(run.text, at, y, { lineBreak: false })
      at += wide(run, style.size)
    }
    y += height
  }
  /** Writes a text, broken into lines. */
  const write = (content: string, style: Style, left = page.margin + (style.indent ?? 0)): void => {
    const room = page.width - page.margin - left
    let row = ''
    const put = (piece: string): void => {
      if (row === '' || widthOf(runsOf((row + piece).trimEnd(), style.fonts), style.size) <= room) row += piece
      else {
        line(row.trimEnd(), style, left)
        row = piece.trimStart()
      }
      // A piece that is longer than a line is cut where it must be.
      while (widthOf(runsOf(row.trimEnd(), style.fonts), style.size) > room && row.length > 1) {
        let cut = row.length - 1
        while (cut > 1 && widthOf(runsOf(row.slice(0, cut), style.fonts), style.size) > room) cut -= Math.ceil(cut / 20)
        line(row.slice(0, cut), style, left)
        row = row.slice(cut)
      }
    }
    for (const piece of pieces(content, tag)) put(piece)
    if (row.trimEnd() !== '') line(row.trimEnd(), style, left)
  }
  const gap = (points = 7): void => {
    y += points
  }
  const looks: Readonly<Record<Look, Style>> = { text, bold, title: { ...bold, size: 16 }, mono }
  /** Goes to the next page where there is no room for so much. */
  const room = (height: number): void => {
    if (y + height <= page.height - page.margin) return
    doc.addPage()
    y = page.margin
  }
  const finish = (): Promise<Buffer> => {
    const { count } = doc.bufferedPageRange()
    for (let i = 0; i < count; i++) {
      doc.switchToPage(i)
      doc.font('latin').fontSize(8).fillColor(faint)
      doc.page.margins.bottom = 0
      doc.text(`${title.replace(/[^\u0020-\u024f]/g, '').trim()} · ${i + 1}/${count}`, page.margin, page.height - 36, {
        lineBreak: false,
      })
    }
    doc.end()
    return whole
  }
  return {
    write: (content, look = 'text', indent = 0) => write(content, { ...looks[look], indent }),
    fact(name, value) {
      const top = y
      const pages = doc.bufferedPageRange().count
      write(name, { ...text, colour: faint })
      const below = y
      if (doc.bufferedPageRange().count === pages) y = top
      write(value, text, page.margin + 150)
      y = Math.max(y, below)
    },
    gap,
    bars(rows) {
      const max = Math.max(1, ...rows.map(({ value }) => value))
      const width = page.width - 2 * page.margin - 250
      for (const { name, value } of rows) {
        room(16)
        doc.rect(page.margin + 200, y + 3, Math.max(1, (value / max) * width), 9).fill('#2f6690')
        const top = y
        write(name, { ...text, size: 9 })
        const below = y
        y = top
        write(String(value), { ...text, size: 9 }, page.margin + 205 + width)
        y = Math.max(y, below)
      }
    },
    columns(values, first, last) {
      room(110)
      const max = Math.max(1, ...values)
      const width = (page.width - 2 * page.margin - 30) / Math.max(1, values.length)
      values.forEach((value, i) => {
        const height = (value / max) * 80
        doc.rect(page.margin + 30 + i * width, y + 84 - height, Math.max(0.5, width - 1), height).fill('#2f6690')
      })
      const top = y
      write(String(max), { ...text, size: 8, colour: faint })
      y = top + 86
      write(`${first} – ${last}`, { ...text, size: 8, colour: faint }, page.margin + 30)
    },
    finish,
  }
}
