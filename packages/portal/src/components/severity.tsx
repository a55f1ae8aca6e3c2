import type { ReactNode } from 'react'

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/** How bad it is: always the word, the colour only beside it. */
export const SeverityMark = ({ severity }: { severity: Severity }): ReactNode => (
  <span className={`severity v${severities.indexOf(severity)}`}>{severity}</span>
)

/** What is likely wrong with a host, in words. */
export const causeNames: Readonly<Record<string, string>> = {
  'iot-botnet': 'IoT botnet (Mirai type)',
  miner: 'cryptocurrency miner',
  'redis-worm': 'Redis worm',
  'docker-worm': 'Docker worm',
  'ssh-worm': 'SSH worm',
  malware: 'spreads malware',
  'web-exploiter': 'exploits web applications',
  'proxy-abuse': 'proxy abuse',
  'ssh-bruteforce': 'SSH brute force',
  'login-bruteforce': 'log-in brute force',
  scanner: 'scanner',
}
export const causeName = (cause: string): string => causeNames[cause] ?? cause
