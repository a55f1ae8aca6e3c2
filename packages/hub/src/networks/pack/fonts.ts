import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { create, type Font } from 'fontkit'

/** The fonts of letters, each for one script; see packages/hub/fonts/README.md. */
export const fontNames = ['latin', 'latin-bold', 'mono', 'devanagari', 'thai', 'khmer', 'chinese', 'japanese'] as const
export type FontName = (typeof fontNames)[number]

const folder = [new URL('./fonts/', import.meta.url), new URL('../../../fonts/', import.meta.url)].find((url) =>
  existsSync(new URL('latin.ttf', url)),
)

const loaded = new Map<FontName, { bytes: Buffer; font: Font }>()

/** A font's file, and what it can show. */
export function fontOf(name: FontName): { bytes: Buffer; font: Font } {
  let known = loaded.get(name)
  if (known === undefined) {
    if (folder === undefined) throw new Error('The fonts of letters are not there')
    const bytes = readFileSync(fileURLToPath(new URL(`${name}.ttf`, folder)))
    loaded.set(name, (known = { bytes, font: create(bytes) as Font }))
  }
  return known
}

/** A piece of text in one font. */
export interface Run {
  readonly font: FontName
  readonly text: string
}

/** Cuts a text into pieces, each in the first font that has its characters; what none has is written as \uXXXX. */
export function runsOf(text: string, fonts: readonly FontName[]): Run[] {
  const runs: { font: FontName; text: string }[] = []
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    const last = runs.at(-1)
    // A mark stays with the letter before it, in its font.
    const font =
      last !== undefined && fontOf(last.font).font.hasGlyphForCodePoint(code)
        ? last.font
        : fonts.find((name) => fontOf(name).font.hasGlyphForCodePoint(code))
    const shown = font === undefined ? `\\u${code.toString(16).padStart(4, '0')}` : char
    const used = font ?? fonts[0] ?? 'latin'
    if (last?.font === used) last.text += shown
    else runs.push({ font: used, text: shown })
  }
  return runs
}
