import { complain, say, type Command } from '../command.ts'
import { read, why } from './input.ts'

// Numbers and orders: factor, tsort, numfmt, fmt of coreutils.

export const factor: Command = (args, io) => {
  let [out, err] = ['', '']
  for (const word of (args.length === 0 ? io.stdin.split(/\s+/).filter(Boolean) : args).slice(0, 500)) {
    if (!/^\+?\d{1,15}$/.test(word)) {
      err += `factor: ‘${word}’ is not a valid positive integer\n`
      continue
    }
    let n = Number(word)
    const parts: number[] = []
    // Numbers this large have a factor below the root, or none: three million steps at most.
    for (let p = 2; p * p <= n && p < 3_000_000; p += p === 2 ? 1 : 2)
      while (n % p === 0) {
        parts.push(p)
        n /= p
      }
    if (n > 1) parts.push(n)
    out += `${Number(word)}:${parts.map((part) => ` ${part}`).join('')}\n`
  }
  return { out, err, code: err === '' ? 0 : 1 }
}

export const tsort: Command = async ([file = '-'], io) => {
  let words: string[]
  try {
    words = (await read(file, io)).toString('latin1').split(/\s+/).filter(Boolean).slice(0, 4000)
  } catch (error) {
    return complain(`tsort: ${file}: ${why(error)}\n`)
  }
  if (words.length % 2 === 1) return complain(`tsort: ${file}: input contains an odd number of tokens\n`)
  const after = new Map<string, string[]>()
  const before = new Map<string, number>()
  for (const word of words) {
    if (!after.has(word)) after.set(word, [])
    if (!before.has(word)) before.set(word, 0)
  }
  for (let i = 0; i < words.length; i += 2) {
    const [a = '', b = ''] = [words[i], words[i + 1]]
    if (a === b) continue
    after.get(a)?.push(b)
    before.set(b, (before.get(b) ?? 0) + 1)
  }
  const ready = [...before]
    .filter(([, count]) => count === 0)
    .map(([word]) => word)
    .sort()
  const out: string[] = []
  for (let word = ready.shift(); word !== undefined; word = ready.shift()) {
    out.push(word)
    for (const next of after.get(word) ?? []) {
      const count = (before.get(next) ?? 0) - 1
      before.set(next, count)
      if (count === 0) ready.push(next)
    }
  }
  return {
    out: out.map((word) => `${word}\n`).join(''),
    ...(out.length < before.size && { err: `tsort: ${file}: input contains a loop:\n`, code: 1 }),
  }
}

const scales = ['', 'K', 'M', 'G', 'T', 'P', 'E']
export const numfmt: Command = (args, io) => {
  const option = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  const [to, from] = [option('to'), option('from')]
  const given = args.filter((arg) => !arg.startsWith('--'))
  const words = given.length === 0 ? io.stdin.split('\n').filter(Boolean) : given
  let out = ''
  for (const word of words) {
    const match = /^(-?\d+(?:\.\d+)?)([KMGTPE]?)i?$/.exec(word.trim())
    if (match === null) return { out, err: `numfmt: invalid number: ‘${word}’\n`, code: 2 }
    if (match[2] !== '' && from === undefined)
      return { out, err: `numfmt: rejecting suffix in input: ‘${word}’ (consider using --from)\n`, code: 2 }
    let n = Number(match[1]) * (from === 'si' ? 1000 : 1024) ** scales.indexOf(match[2] ?? '')
    if (to === undefined) out += `${n}\n`
    else {
      const base = to === 'si' ? 1000 : 1024
      let unit = 0
      while (Math.abs(n) >= base && unit < 6) {
        n /= base
        unit++
      }
      out += `${unit === 0 ? String(n) : n < 10 ? (Math.ceil(n * 10) / 10).toFixed(1) : String(Math.ceil(n))}${scales[unit] ?? ''}${to === 'iec-i' && unit > 0 ? 'i' : ''}\n`
    }
  }
  return say(out)
}

/** Fills lines up to 75 characters. */
export const fmt: Command = async (args, io) => {
  const wide = Number(
    /^-w?(\d+)$/.exec(args.find((arg) => /^-w?\d+$/.test(arg)) ?? '')?.[1] ??
      (args.includes('-w') ? args[args.indexOf('-w') + 1] : 75),
  )
  const files = args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-w')
  let text = ''
  for (const file of files.length === 0 ? ['-'] : files)
    try {
      text += (await read(file, io)).toString('latin1')
    } catch (error) {
      return complain(`fmt: cannot open '${file}' for reading: ${why(error)}\n`)
    }
  const out = text.split(/\n(?=\s*\n)|\n\s*\n/).map((paragraph) => {
    const rows: string[] = []
    for (const word of paragraph.split(/\s+/).filter(Boolean)) {
      const last = rows.at(-1)
      if (last === undefined || last.length + word.length + 1 > wide) rows.push(word)
      else rows[rows.length - 1] = `${last} ${word}`
    }
    return rows.map((row) => `${row}\n`).join('')
  })
  return say(out.join('\n'))
}
