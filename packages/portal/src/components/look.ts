import { useState } from 'react'

/** How somebody wants to see a table. */
export interface Look {
  readonly key: string
  readonly hidden: ReadonlySet<string>
  readonly density: 'wide' | 'close'
  readonly toggle: (column: string) => void
  readonly setDensity: (density: Look['density']) => void
}

const densityKey = 'table density'

function read(key: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return new Set(Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [])
  } catch {
    return new Set()
  }
}

/** The look of a table, kept in this browser. @param name which table; closeness is the same for all */
export function useLook(name: string): Look {
  const key = `table columns ${name}`
  const [hidden, setHidden] = useState(() => read(key))
  const [density, setClose] = useState<Look['density']>(() =>
    localStorage.getItem(densityKey) === 'close' ? 'close' : 'wide',
  )
  return {
    key,
    hidden,
    density,
    toggle: (column) => {
      const next = new Set(hidden)
      if (!next.delete(column)) next.add(column)
      setHidden(next)
      localStorage.setItem(key, JSON.stringify([...next]))
    },
    setDensity: (next) => {
      setClose(next)
      localStorage.setItem(densityKey, next)
    },
  }
}
