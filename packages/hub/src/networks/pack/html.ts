import { letterOf, type LetterOptions } from './text.ts'
import type { Pack } from './pack.ts'

/** Text within HTML: nothing in it acts. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

/** A letter as a page of its own, without script, picture or anything from elsewhere. */
export function htmlLetter(pack: Pack, options: LetterOptions): string {
  const letter = letterOf(pack, options)
  const { words } = letter
  const e = escapeHtml
  const list = (head: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `<h2>${e(head)}</h2><pre dir="ltr">${lines.map(e).join('\n')}</pre>`
  return (
    `<!doctype html><html lang="${e(words.tag)}"><head><meta charset="utf-8"><title>${e(letter.title)}</title><style>` +
    'body{font:15px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#22201c;background:#fff}' +
    'table{border-collapse:collapse}th{text-align:start;padding:.15rem 1rem .15rem 0;color:#6b655c;font-weight:normal;vertical-align:top}' +
    'pre{background:#f2eee4;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}h2{font-size:1rem}' +
    `</style></head><body><h1>${e(letter.title)}</h1><p>${e(words.greeting)}</p>` +
    letter.paragraphs.map((text) => `<p>${e(text)}</p>`).join('') +
    `<table>${letter.facts.map(([name, value]) => `<tr><th scope="row">${e(name)}</th><td>${e(value)}</td></tr>`).join('')}</table>` +
    list(words.addresses, letter.addresses) +
    list(words.logs, letter.logs) +
    list(words.commands, letter.commands) +
    list(words.programs, letter.programs) +
    `<h2>${e(words.whatToDo)}</h2><ol>${letter.steps.map((step) => `<li>${e(step)}</li>`).join('')}</ol>` +
    letter.closing.map((text) => `<p>${e(text)}</p>`).join('') +
    '</body></html>'
  )
}
