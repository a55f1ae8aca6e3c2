import type { Severity } from '@skep/hub'
import type { Counts } from './indicator.ts'

/**
 * How sure we are that something is part of an attack, 0 to 100, with the reasons. Whatever speaks to a sensor has no
 * business there; what rises is how little chance and error can explain: more sensors, more organisations that know
 * nothing of each other, more days, and deeds that only an intruder does.
 */
export function confidenceOf(
  counts: Omit<Counts, 'events'>,
  { handshake, severity }: { handshake: boolean; severity: Severity },
): { confidence: number; reasons: string[] } {
  const reasons: string[] = []
  let confidence = 20
  const add = (points: number, reason: string): void => {
    confidence += points
    reasons.push(reason)
  }
  if (handshake) add(20, 'its connections were complete, so its address is not forged')
  if (severity === 'critical') add(20, 'it did what only an intruder does')
  else if (severity === 'high') add(15, 'it did more than connect: it tried to get in')
  if (counts.sensors >= 2)
    add(Math.min(15, 5 * Math.floor(Math.log2(counts.sensors))), `${counts.sensors} sensors saw it`)
  if (counts.organisations >= 2) add(15, `${counts.organisations} organisations saw it on their own`)
  if (counts.days >= 2) add(Math.min(10, counts.days), `it was seen on ${counts.days} days`)
  return { confidence: Math.min(100, confidence), reasons }
}
