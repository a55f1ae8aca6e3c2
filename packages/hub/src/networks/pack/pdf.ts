import { openSheet } from './sheet.ts'
import { letterOf, type LetterOptions } from './text.ts'
import type { Pack } from './pack.ts'

/** A letter as PDF (A4), with fonts of its own for every language. */
export async function pdfLetter(pack: Pack, options: LetterOptions): Promise<Buffer> {
  const letter = letterOf(pack, options)
  const { words } = letter
  const sheet = await openSheet(letter.title, options.language, words.tag)
  const section = (head: string, lines: readonly string[]): void => {
    if (lines.length === 0) return
    sheet.gap()
    sheet.write(head, 'bold')
    sheet.gap(2)
    for (const one of lines) sheet.write(one, 'mono')
  }
  sheet.write(letter.title, 'title')
  sheet.gap()
  for (const paragraph of [words.greeting, ...letter.paragraphs]) {
    sheet.write(paragraph)
    sheet.gap(4)
  }
  sheet.gap(4)
  for (const [name, value] of letter.facts) sheet.fact(name, value)
  section(words.addresses, letter.addresses)
  section(words.logs, letter.logs)
  section(words.commands, letter.commands)
  section(words.programs, letter.programs)
  sheet.gap()
  sheet.write(words.whatToDo, 'bold')
  sheet.gap(2)
  letter.steps.forEach((step, i) => {
    sheet.write(`${i + 1}. ${step}`, 'text', 10)
    sheet.gap(2)
  })
  sheet.gap()
  for (const one of letter.closing) sheet.write(one)
  return sheet.finish()
}
