import type { FullScreen } from './screen.ts'

const [bold, cyan, green, plain] = ['\u001b[1m', '\u001b[36m', '\u001b[30m\u001b[42m', '\u001b[0m']

/** A bar of so many columns that is filled by a share, with words at its end. */
function bar(label: string, share: number, words: string, width: number): string {
  const inner = width - label.length - 2
  const filled = Math.max(0, Math.min(inner, Math.round(inner * share)))
  const text = `${'|'.repeat(filled)}`.padEnd(inner)
  return `${cyan}${label}${plain}${bold}[${plain}\u001b[32m${text.slice(0, Math.max(0, inner - words.length))}${plain}${words}${bold}]${plain}`
}
const kib = (text: string): number => Number(text) * 1024
const size = (mib: number): string => (mib >= 1024 ? `${(mib / 1024).toFixed(2)}G` : `${Math.round(mib)}M`)

/** htop: what top tells, with bars, each second and a half until q. */
export const htop: FullScreen = async (screen) => {
  await screen.write(
    '\u001b[?1049h\u001b[22;0;0t\u001b(B\u001b[m\u001b[?7h\u001b[?1h\u001b=\u001b[?25l\u001b[H\u001b[2J',
  )
  const { cpu } = screen.shell.session.persona.machine
  for (;;) {
    const { width, height } = screen.size
    const lines = (await screen.shell.peek('top -bn1')).split('\n')
    const [, up = '', load = ''] = /up\s+(.*?),\s+\d+ users?.*load average: (.*)$/.exec(lines[0] ?? '') ?? []
    const [, total = '1', , used = '0'] =
      /:\s+([\d.]+) total,\s+([\d.]+) free,\s+([\d.]+) used/.exec(lines[3] ?? '') ?? []
    const [, swap = '0'] = /:\s+([\d.]+) total/.exec(lines[4] ?? '') ?? []
    const at = lines.findIndex((line) => /^\s+PID /.test(line))
    const processes = lines.slice(at + 1).filter((line) => line.trim() !== '')
    const half = Math.max(20, Math.floor(width / 2) - 2)
    const meters = [
      ...Array.from({ length: Math.min(8, cpu.cores) }, (_, i) =>
        bar(`${i}`.padStart(3), 0.01 + (i % 3) / 100, `${(0.7 * (i % 3)).toFixed(1)}%`, half),
      ),
      bar('Mem', kib(used) / kib(total), `${size(Number(used))}/${size(Number(total))}`, half),
      bar('Swp', 0, Number(swap) === 0 ? '0K/0K' : `0K/${size(Number(swap))}`, half),
    ]
    const right = [
      `${cyan}Tasks: ${plain}${bold}${processes.length}${plain}, ${bold}${processes.length * 2}${plain} thr; ${bold}1${plain} running`,
      `${cyan}Load average: ${plain}${bold}${load}${plain}`,
      `${cyan}Uptime: ${plain}${bold}${up}${plain}`,
    ]
    const heads = meters.map((meter, i) => {
      const beside = right[i - Math.max(0, meters.length - right.length)]
      return `  ${meter}${beside === undefined || width < 60 ? '' : `   ${beside}`}`
    })
    const rows = processes.slice(0, Math.max(0, height - heads.length - 3)).map((line, i) => {
      const shown = line.slice(0, width)
      return i === 0 ? `\u001b[30m\u001b[46m${shown.padEnd(width)}${plain}` : shown
    })
    const keys = ['Help', 'Setup', 'Search', 'Filter', 'Tree', 'SortBy', 'Nice -', 'Nice +', 'Kill', 'Quit']
    const foot = keys.map((key, i) => `F${i + 1}\u001b[30m\u001b[46m${key.padEnd(6)}${plain}`).join('')
    const table = `${green}${(lines[at] ?? '').padEnd(width).slice(0, width)}${plain}`
    const body = [...heads, '', table, ...rows]
    while (body.length < height - 1) body.push('')
    await screen.draw([...body.slice(0, height - 1), foot])
    const until = Date.now() + 1500
    while (Date.now() < until) {
      if (!(await screen.keys.waits(until - Date.now()))) break
      const key = await screen.keys.next()
      if (key !== undefined && !('text' in key && key.text === 'q') && !('name' in key && key.name === 'ctrl-c'))
        continue
      await screen.write(`\u001b[${height};1H\u001b[?12l\u001b[?25h\u001b[?1049l\u001b[23;0;0t\r\u001b[?1l\u001b>`)
      return
    }
  }
}
