/** How bad it is, on Shadowserver's scale. */
export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]
export const severityRank = (severity: Severity): number => severities.indexOf(severity)

/** What is likely wrong with a host that does such things; each has a guide to mend it (networks/guides.ts). */
export const causes = [
  'iot-botnet',
  'miner',
  'redis-worm',
  'docker-worm',
  'ssh-worm',
  'malware',
  'web-exploiter',
  'proxy-abuse',
  'ssh-bruteforce',
  'login-bruteforce',
  'scanner',
] as const
export type Cause = (typeof causes)[number]

/** A technique of MITRE ATT&CK (Enterprise). */
export interface Technique {
  readonly id: string
  readonly name: string
  readonly tactic: string
}

/** What a rule concludes from one event. */
export interface Rule {
  readonly id: string
  /** What the source did, in words that end "It …": `tried passwords on SSH`. */
  readonly title: string
  readonly technique: Technique
  readonly severity: Severity
  readonly cause: Cause
  /** The condition, over the columns of the events table. Our own text, never an attacker's. */
  readonly when: string
  /** What it looks for in a command line, where that is what it looks at. */
  readonly typed?: RegExp
}

/** Defines a rule. */
export const rule = (definition: Rule): Rule => definition

/**
 * A condition: a column matches a pattern. The store reads it with RE2, which takes time linear in the text, whatever
 * an attacker wrote.
 */
export function matches(column: string, pattern: RegExp): string {
  const source = (pattern.flags.includes('i') ? '(?i)' : '') + pattern.source.replace(/\\\//g, '/')
  return `match(${column}, '${source.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}')`
}
