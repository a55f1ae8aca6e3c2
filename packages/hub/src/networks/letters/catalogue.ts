import type { Cause, Severity } from '../../understand/rule.ts'

/** What to do about a cause; guides are lists of these. */
export type StepName =
  | 'find'
  | 'restart'
  | 'firmware'
  | 'remote'
  | 'reinstall'
  | 'persistence'
  | 'miner'
  | 'redis'
  | 'docker'
  | 'keys'
  | 'update'
  | 'proxy'
  | 'ask'
  | 'block'

/**
 * All that a letter says, in one language. A file is complete or does not compile; `{…}` are filled in, and every
 * language has the same ones (a test sees to that).
 */
export interface Catalogue {
  /** BCP 47 tag, and the language's own name. */
  readonly tag: string
  readonly name: string
  /** {subject}: address or prefix. */
  readonly subject: string
  readonly greeting: string
  /** {subject}, {network}. */
  readonly opening: string
  readonly sensors: string
  readonly times: string
  /** Left of the facts. */
  readonly address: string
  readonly network: string
  readonly firstSeen: string
  readonly lastSeen: string
  readonly severity: string
  readonly cause: string
  readonly services: string
  readonly seenBy: string
  /** {sensors}, {organisations}. */
  readonly seenByText: string
  readonly confidence: string
  readonly confidenceHigh: string
  readonly confidenceMedium: string
  readonly confidenceLow: string
  readonly logs: string
  readonly commands: string
  readonly programs: string
  readonly addresses: string
  readonly whatToDo: string
  /** {days}. */
  readonly closing: string
  /** {link}. */
  readonly answer: string
  readonly severities: Readonly<Record<Severity, string>>
  readonly causes: Readonly<Record<Cause, string>>
  readonly steps: Readonly<Record<StepName, string>>
}

/** What to do, by cause; the first step first. */
export const guides: Readonly<Record<Cause, readonly StepName[]>> = {
  'iot-botnet': ['find', 'restart', 'firmware', 'remote'],
  miner: ['find', 'miner', 'persistence', 'reinstall', 'keys'],
  'redis-worm': ['find', 'redis', 'persistence', 'reinstall'],
  'docker-worm': ['find', 'docker', 'persistence', 'reinstall'],
  'ssh-worm': ['find', 'persistence', 'reinstall', 'keys'],
  malware: ['find', 'persistence', 'reinstall', 'update'],
  'web-exploiter': ['find', 'update', 'persistence', 'reinstall'],
  'proxy-abuse': ['find', 'proxy', 'ask'],
  'ssh-bruteforce': ['find', 'persistence', 'keys', 'reinstall'],
  'login-bruteforce': ['find', 'persistence', 'update', 'reinstall'],
  scanner: ['find', 'ask', 'block'],
}

/** Fills the holes of a text. */
export const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole))
