import type { Blob, Buffer as Text, Face, Font } from 'harfbuzzjs'
import { fontOf, type FontName } from './fonts.ts'

// Some scripts put a word's letters around and under each other by rules that the PDF library does not know: HarfBuzz
// does, and its outlines are drawn.

/** The fonts whose text is drawn so. */
export const shaped: ReadonlySet<FontName> = new Set(['khmer'])

/** What is drawn on: the part of a PDF document that this needs. */
interface Canvas {
  save(): this
  restore(): this
  translate(x: number, y: number): this
  scale(x: number, y: number): this
  path(outline: string): this
  fill(colour: string): this
}

/** Sets text of one font. Sizes and places are in points. */
export interface Shaper {
  readonly width: (text: string, size: number) => number
  /** @param y the top of the line */
  readonly draw: (on: Canvas, text: string, x: number, y: number, size: number, colour: string) => void
}

/** Opens a font for setting. The library is only loaded when somebody asks. */
export async function openShaper(name: FontName): Promise<Shaper> {
  const hb = await import('harfbuzzjs')
  const { bytes, font: known } = fontOf(name)
  const blob: Blob = new hb.Blob(new Uint8Array(bytes))
  const face: Face = new hb.Face(blob)
  const font: Font = new hb.Font(face)
  const outlines = new Map<number, string>()
  const set = (text: string) => {
    const held: Text = new hb.Buffer()
    held.addText(text)
    held.guessSegmentProperties()
    hb.shape(font, held)
    const places = held.getGlyphPositions()
    return held.getGlyphInfos().map(({ codepoint: glyph }, i) => ({ glyph, ...places[i] }))
  }
  return {
    width: (text, size) => (set(text).reduce((sum, { xAdvance = 0 }) => sum + xAdvance, 0) * size) / face.upem,
    draw(on, text, x, y, size, colour) {
      const scale = size / face.upem
      on.save()
        .translate(x, y + known.ascent * (size / known.unitsPerEm))
        .scale(scale, -scale)
      let at = 0
      for (const { glyph, xAdvance = 0, xOffset = 0, yOffset = 0 } of set(text)) {
        const outline = outlines.get(glyph) ?? font.glyphToPath(glyph)
        outlines.set(glyph, outline)
        // A blank has none.
        if (outline !== '')
          on.save()
            .translate(at + xOffset, yOffset)
            .path(outline)
            .fill(colour)
            .restore()
        at += xAdvance
      }
      on.restore()
    },
  }
}
