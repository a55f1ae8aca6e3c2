import type { FullScreen } from './screen.ts'

/** top: looks again each three seconds until q. */
export const top: FullScreen = async (screen, args) => {
  const given = args.findIndex((arg) => arg === '-d' || arg === '-d1')
  const seconds = Math.min(60, Math.max(1, Number(args[given + 1]) || 3))
  await screen.write('\u001b[?1h\u001b=\u001b[?25l\u001b[H\u001b[2J\u001b(B\u001b[m')
  for (;;) {
    const { width, height } = screen.size
    const lines = (await screen.shell.peek('top -bn1')).split('\n').map((line) => line.slice(0, width))
    const table = lines.findIndex((line) => /^\s+PID /.test(line))
    await screen.draw(
      lines.slice(0, height - 1).map((line, i) => (i === table ? `\u001b[7m${line.padEnd(width)}\u001b[0m` : line)),
    )
    const until = Date.now() + seconds * 1000
    while (Date.now() < until) {
      if (!(await screen.keys.waits(until - Date.now()))) break
      const key = await screen.keys.next()
      if (key !== undefined && !('text' in key && key.text === 'q') && !('name' in key && key.name === 'ctrl-c'))
        continue
      await screen.write(`\u001b[?1l\u001b>\u001b[${height};1H\r\n\u001b[?12l\u001b[?25h`)
      return
    }
  }
}
