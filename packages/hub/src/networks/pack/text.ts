import { catalogues, type Language } from '../letters/index.ts'
import { fill, guides } from '../letters/catalogue.ts'
import { mainCause, type Pack } from './pack.ts'

/** Attackers' text on one line: control and direction characters become visible, and it cannot end the line. */
export const oneLine = (text: string): string =>
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
/** A URL that no mail program makes into a link. */
export const defang = (text: string): string =>
  text.replace(/\b(h)tt(ps?|p):\/\//gi, '$1xx$2://').replace(/\bftp:\/\//gi, 'fxp://')

export const utc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`
const bare = (text: string): string => oneLine(defang(text))

/** One line of the log: time, addresses and ports first, as an abuse desk reads it. */
export const logLine = (line: Pack['lines'][number]): string =>
  `${utc(line.time)} ${line.source}:${line.source_port} -> ${line.service || 'port'}/${line.target_port}/${line.transport} ${bare(line.text)}`

/** What is asked for besides the evidence. */
export interface LetterOptions {
  readonly language: Language
  /** After so many quiet days a case closes. */
  readonly quietDays: number
  /** Where the reader says that it has come. */
  readonly link?: string | undefined
}

/** The parts of a letter in a language: the same for every form that it is given in. */
export function letterOf(pack: Pack, { language, quietDays, link }: LetterOptions) {
  const words = catalogues[language]
  const cause = mainCause(pack)
  const network = pack.asn === 0 ? pack.prefix : `AS${pack.asn}${pack.as_name === '' ? '' : ` ${bare(pack.as_name)}`}`
  const facts: (readonly [string, string])[] = [
    [words.address, pack.subject],
    [words.network, pack.prefix === '' || pack.prefix === pack.subject ? network : `${network}, ${pack.prefix}`],
    [words.firstSeen, utc(pack.first_seen)],
    [words.lastSeen, utc(pack.last_seen)],
    [words.severity, words.severities[pack.severity]],
    [words.cause, words.causes[cause]],
    [words.services, pack.services.join(', ')],
    [words.seenBy, fill(words.seenByText, { sensors: pack.sensors, organisations: pack.organisations })],
    [
      words.confidence,
      { high: words.confidenceHigh, medium: words.confidenceMedium, low: words.confidenceLow }[pack.confidence],
    ],
  ]
  return {
    words,
    title: fill(words.subject, { subject: pack.subject }),
    paragraphs: [fill(words.opening, { subject: pack.subject, network }), words.sensors, words.times],
    facts,
    logs: pack.lines.map(logLine),
    commands: pack.commands.map(bare),
    programs: pack.programs.map(({ type, value }) => `${type} ${bare(value)}`),
    addresses: pack.addresses.map(
      (one) => `${one.source} ${words.severities[one.severity]} ${utc(one.first_seen)} – ${utc(one.last_seen)}`,
    ),
    steps: guides[cause].map((step) => words.steps[step]),
    closing: [fill(words.closing, { days: quietDays }), ...(link === undefined ? [] : [fill(words.answer, { link })])],
  }
}

/** A letter in plain text that can be forwarded as it is. */
export function textLetter(pack: Pack, options: LetterOptions): string {
  const { words, title, paragraphs, facts, logs, commands, programs, addresses, steps, closing } = letterOf(
    pack,
    options,
  )
  const section = (head: string, lines: readonly string[], mark = '  '): string[] =>
    lines.length === 0 ? [] : ['', head, ...lines.map((line) => `${mark}${line}`)]
  return [
    title,
    '',
    words.greeting,
    '',
    ...paragraphs,
    '',
    ...facts.map(([name, value]) => `${name}: ${value}`),
    ...section(words.addresses, addresses),
    ...section(words.logs, logs),
    ...section(words.commands, commands),
    ...section(words.programs, programs),
    '',
    words.whatToDo,
    ...steps.map((step, i) => `  ${i + 1}. ${step}`),
    '',
    ...closing,
    '',
  ].join('\n')
}
