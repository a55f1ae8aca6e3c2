import { complain, say, type Command } from './command.ts'

// cal of BSD, as Debian has it (ncal).

const months = 'January February March April May June July August September October November December'.split(' ')
const centred = (text: string, width: number): string => {
  const left = Math.floor((width - text.length) / 2)
  return `${' '.repeat(Math.max(0, left))}${text}`.padEnd(width)
}

/** The eight rows of a month, each of 20 columns: name, days of the week, six weeks. */
function month(year: number, at: number, named: string): string[] {
  const first = new Date(Date.UTC(year, at, 1)).getUTCDay()
  const days = new Date(Date.UTC(year, at + 1, 0)).getUTCDate()
  const cells = [
    ...Array<string>(first).fill('  '),
    ...Array.from({ length: days }, (_, i) => String(i + 1).padStart(2)),
  ]
  const weeks = Array.from({ length: 6 }, (_, week) =>
    cells
      .slice(week * 7, week * 7 + 7)
      .join(' ')
      .padEnd(20),
  )
  return [centred(named, 20), 'Su Mo Tu We Th Fr Sa', ...weeks]
}

export const cal: Command = (args) => {
  const words = args.filter((arg) => !arg.startsWith('-'))
  const flags = args.filter((arg) => /^-[a-zA-Z0-9]/.test(arg)).join('')
  const now = new Date()
  const [one, two] = words
  const wrong = words.find((word) => !/^\d{1,4}$/.test(word))
  if (wrong !== undefined) return complain(`cal: year \`${wrong}' not in range 1..9999\n`, 64)
  if (two !== undefined && (Number(one) < 1 || Number(one) > 12))
    return complain(`cal: ${one ?? ''} is neither a month number (1..12) nor a name\n`, 64)
  const year = Number(two ?? one ?? now.getUTCFullYear())
  if (year < 1) return complain(`cal: year \`${year}' not in range 1..9999\n`, 64)
  if ((one !== undefined && two === undefined) || /y/.test(flags)) {
    let out = `${' '.repeat(28)}${year}\n`
    for (let row = 0; row < 12; row += 3) {
      const three = [row, row + 1, row + 2].map((at) => month(year, at, months[at] ?? ''))
      for (let line = 0; line < 8; line++) out += `${three.map((rows) => rows[line] ?? '').join('  ')}  \n`
    }
    return say(out)
  }
  const at = two === undefined ? now.getUTCMonth() : Number(one) - 1
  if (/3/.test(flags)) {
    const three = [-1, 0, 1].map((step) => {
      const date = new Date(Date.UTC(year, at + step, 1))
      return month(
        date.getUTCFullYear(),
        date.getUTCMonth(),
        `${months[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()}`,
      )
    })
    return say(
      Array.from({ length: 8 }, (_, line) => `${three.map((rows) => rows[line] ?? '').join('  ')}  \n`).join(''),
    )
  }
  return say(
    month(year, at, `${months[at] ?? ''} ${year}`)
      .map((row) => `${row}  \n`)
      .join(''),
  )
}
