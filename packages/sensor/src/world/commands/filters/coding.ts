import { complain, say, type Command } from '../command.ts'
import { hint, read, why } from './input.ts'

// base64 and shuf of coreutils.

export const shuf: Command = async (args, io) => {
  let lines: string[] | undefined
  let [count, repeat] = [Infinity, false]
  let file = '-'
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const match = /^(?:-n|--head-count=?)(\d*)$/.exec(arg)
    const range = /^(?:-i|--input-range=?)(?:(\d+)-(\d+))?$/.exec(arg)
    if (match !== null) count = Number(match[1] || args[++i])
    else if (range !== null) {
      const [low, high] = (range[1] === undefined ? (args[++i] ?? '') : `${range[1]}-${range[2]}`)
        .split('-')
        .map(Number)
      if (low === undefined || high === undefined || !(high >= low))
        return complain(`shuf: invalid input range: ‘${args[i] ?? ''}’\n`)
      lines = Array.from({ length: Math.min(high - low + 1, 20_000) }, (_, n) => String(low + n))
    } else if (arg === '-e' || arg === '--echo') {
      lines = args.slice(i + 1).filter((one) => !one.startsWith('-'))
      break
    } else if (arg === '-r' || arg === '--repeat') repeat = true
    else if (arg !== '-z') file = arg
  }
  if (lines === undefined)
    try {
      const text = (await read(file, io)).toString('latin1')
      lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
    } catch (error) {
      return complain(`shuf: ${file}: ${why(error)}\n`)
    }
  const left = [...lines]
  if (repeat)
    return say(
      Array.from(
        { length: Math.min(count, 5000) },
        () => `${left[Math.floor(Math.random() * left.length)] ?? ''}\n`,
      ).join(''),
    )
  for (let i = left.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[left[i], left[j]] = [left[j] ?? '', left[i] ?? '']
  }
  return say(
    left
      .slice(0, count)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

/** base64 as coreutils reads it: strictly, but for line ends; what was right before a mistake is printed. */
export const base64: Command = async (args, io) => {
  let [decode, loose, wrap] = [false, false, 76]
  let file = '-'
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const width = /^(?:-w|--wrap=?)(.*)$/.exec(arg)
    if (arg === '--decode' || arg === '--ignore-garbage') {
      decode ||= arg === '--decode'
      loose ||= arg !== '--decode'
    } else if (/^-[di]+w?$/.test(arg) || /^-[di]+$/.test(arg)) {
      decode ||= arg.includes('d')
      loose ||= arg.includes('i')
    } else if (width !== null) {
      const value = width[1] === '' ? (args[++i] ?? '') : (width[1] ?? '')
      if (!/^\d+$/.test(value)) return complain(`base64: invalid wrap size: ‘${value}’\n`)
      wrap = Number(value)
    } else if (arg.startsWith('--')) return complain(`base64: unrecognized option '${arg}'\n${hint('base64')}`)
    else if (/^-./.test(arg)) return complain(`base64: invalid option -- '${arg[1]}'\n${hint('base64')}`)
    else file = arg
  }
  let bytes: Buffer
  try {
    bytes = await read(file, io)
  } catch (error) {
    return complain(`base64: ${file}: ${why(error)}\n`)
  }
  if (!decode) {
    const text = bytes.toString('base64')
    return say(wrap === 0 ? text : text.replace(new RegExp(`.{1,${Math.min(wrap, 10_000)}}`, 'g'), '$&\n'))
  }
  let text = bytes.toString('latin1').replaceAll('\n', '')
  if (loose) text = text.replace(/[^A-Za-z0-9+/=]/g, '')
  const good = /^(?:[A-Za-z0-9+/]{4})*/.exec(text)?.[0] ?? ''
  const rest = text.slice(good.length)
  // Whole groups may follow one that was filled up.
  const end = /^(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)/.exec(rest)?.[0] ?? ''
  const fine = rest === end
  const out = Buffer.from(
    good + (end === '' && !fine ? rest.replace(/[^A-Za-z0-9+/].*$/s, '') : end),
    'base64',
  ).toString('latin1')
  return fine ? say(out) : { out, err: 'base64: invalid input\n', code: 1 }
}
