import type { ReactNode } from 'react'
import type { Sensor } from '../../fleet.ts'

/** What listens where, ports joined to ranges. */
export function Listeners({ beat }: { beat: NonNullable<Sensor['beat']> }): ReactNode {
  const groups = new Map<string, { up: number[]; down: { port: number; error: string }[] }>()
  for (const { service, transport, port, up, error } of beat.listeners) {
    const name = service === 'any' ? `any other (${transport})` : service
    const group = groups.get(name) ?? { up: [], down: [] }
    groups.set(name, group)
    if (up) group.up.push(port)
    else group.down.push({ port, error: error ?? 'closed' })
  }
  const ranges = (ports: readonly number[]): string => {
    const sorted = [...new Set(ports)].sort((a, b) => a - b)
    const parts: string[] = []
    for (let i = 0; i < sorted.length; i++) {
      const first = sorted[i]
      while (sorted[i + 1] === (sorted[i] ?? 0) + 1) i++
      parts.push(first === sorted[i] ? `${first}` : `${first}–${sorted[i]}`)
    }
    return parts.join(', ')
  }
  return (
    <dl className="facts">
      {[...groups].map(([name, { up, down }]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {ranges(up)}
            {down.map(({ port, error }) => (
              <span key={port} className="warning">
                {' '}
                {port}: {error}
              </span>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  )
}
