import { fontNames, fontOf, runsOf, type FontName, type Run } from './fonts.ts'
import { letterOf, type LetterOptions } from './text.ts'
import type { Pack } from './pack.ts'

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

/**
 * A letter as PDF (A4), with fonts of its own for every language. The library is only loaded when somebody asks.
 */
export async function pdfLetter(pack: Pack, options: LetterOptions): Promise<Buffer> {
  const { default: PdfDocument } = await import('pdfkit')
  const letter = letterOf(pack, options)
  const { words } = letter
  const doc = new PdfDocument({
    size: 'A4',
    margin: page.margin,
    bufferPages: true,
    lang: words.tag,
    info: { Title: letter.title, Creator: 'Skep' },
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

  const script = scripts[options.language]
  const text: Style = { fonts: ['latin', ...(script === undefined ? [] : [script])], size: 10.5 }
  const bold: Style = { ...text, fonts: ['latin-bold', ...(script === undefined ? [] : [script])] }
  const mono: Style = { fonts: ['mono', 'latin'], size: 7.8, background: '#f2eee4' }
  let y = page.margin

  const widthOf = (runs: readonly Run[], size: number): number =>
    runs.reduce((sum, run) => sum + doc.font(run.font).fontSize(size).widthOfString(run.text), 0)
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
      doc
        .font(run.font)
        .fontSize(style.size)
        .fillColor(style.colour ?? ink)
      doc.text(run.text, at, y, { lineBreak: false })
      at += doc.widthOfString(run.text)
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
    for (const piece of pieces(content, words.tag)) put(piece)
    if (row.trimEnd() !== '') line(row.trimEnd(), style, left)
  }
  const gap = (points = 7): void => {
    y += points
  }
  const section = (head: string, lines: readonly string[]): void => {
    if (lines.length === 0) return
    gap()
    write(head, bold)
    gap(2)
    for (const one of lines) write(one, mono)
  }

  write(letter.title, { ...bold, size: 16 })
  gap()
  for (const paragraph of [words.greeting, ...letter.paragraphs]) {
    write(paragraph, text)
    gap(4)
  }
  gap(4)
  for (const [name, value] of letter.facts) {
    const top = y
    const broken = doc.bufferedPageRange().count
    write(name, { ...text, colour: faint })
    const below = y
    if (doc.bufferedPageRange().count === broken) y = top
    write(value, text, page.margin + 150)
    y = Math.max(y, below)
  }
  section(words.addresses, letter.addresses)
  section(words.logs, letter.logs)
  section(words.commands, letter.commands)
  section(words.programs, letter.programs)
  gap()
  write(words.whatToDo, bold)
  gap(2)
  letter.steps.forEach((step, i) => {
    write(`${i + 1}. ${step}`, { ...text, indent: 10 })
    gap(2)
  })
  gap()
  for (const one of letter.closing) write(one, text)

  const { count } = doc.bufferedPageRange()
  for (let i = 0; i < count; i++) {
    doc.switchToPage(i)
    doc.font('latin').fontSize(8).fillColor(faint)
    doc.page.margins.bottom = 0
    doc.text(
      `${letter.title.replace(/[^\u0020-\u024f]/g, '').trim()} · ${i + 1}/${count}`,
      page.margin,
      page.height - 36,
      {
        lineBreak: false,
      },
    )
  }
  doc.end()
  return whole
}
