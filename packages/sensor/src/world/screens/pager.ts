import { shown } from './page.ts'
import type { Screen } from './screen.ts'

/** Shows a long text page by page, as less does, or as more. */
export async function page(screen: Screen, text: string, program: 'less' | 'more', name: string): Promise<void> {
  const lines = text.replace(/\n$/, '').split('\n')
  let top = 0
  let search = ''
  let first = true
  const rows = (): number => screen.size.height - 1
  const last = (): number => Math.max(0, lines.length - rows())
  if (program === 'less') await screen.write('\u001b[?1049h\u001b[22;0;0t\u001b[?1h\u001b=\r')
  for (;;) {
    const { width } = screen.size
    top = Math.max(0, Math.min(top, last()))
    const atEnd = top >= last()
    const body = lines.slice(top, top + rows()).map((line) => shown(line, width))
    if (program === 'more') {
      if (atEnd) {
        await screen.write(`${body.join('\r\n')}\r\n`)
        return
      }
      const share = Math.floor(((top + rows()) * 100) / lines.length)
      await screen.write(`${body.join('\r\n')}\r\n\u001b[7m--More--(${share}%)\u001b[0m`)
    } else {
      while (body.length < rows()) body.push('\u001b[1m~\u001b[0m')
      const status = atEnd ? '\u001b[7m(END)\u001b[0m' : first && name !== '' ? `\u001b[7m${name}\u001b[0m` : ':'
      await screen.draw([...body, status], { row: rows(), column: status === ':' ? 1 : atEnd ? 5 : name.length })
    }
    first = false
    const key = await screen.keys.next()
    if (program === 'more') await screen.write('\r\u001b[K')
    const typed = key === undefined ? 'q' : 'text' in key ? key.text : key.name
    if (typed === 'q' || typed === 'ctrl-c' || typed === 'Q') break
    if (/^(?: |f|pagedown|ctrl-f|ctrl-v)$/.test(typed)) top += rows()
    else if (/^(?:b|pageup|ctrl-b)$/.test(typed)) top -= rows()
    else if (/^(?:j|down|enter|e)$/.test(typed)) top += 1
    else if (/^(?:k|up|y)$/.test(typed)) top -= 1
    else if (typed === 'd') top += rows() >> 1
    else if (typed === 'u') top -= rows() >> 1
    else if (/^(?:g|home|<)$/.test(typed)) top = 0
    else if (/^(?:G|end|>)$/.test(typed)) top = last()
    else if (typed === '/' || typed === 'n') {
      if (typed === '/') search = (await question(screen)) ?? search
      const at = search === '' ? -1 : lines.findIndex((line, i) => i > top && line.includes(search))
      if (at >= 0) top = at
    }
  }
  await screen.write(program === 'less' ? `\r\u001b[K\u001b[?1l\u001b>\u001b[?1049l\u001b[23;0;0t` : '\r\u001b[K')
}

/** The text that is looked for, as it is typed behind the slash. */
async function question(screen: Screen): Promise<string | undefined> {
  let typed = ''
  for (;;) {
    await screen.write(`\r\u001b[K/${typed}`)
    const key = await screen.keys.next()
    if (key === undefined || ('name' in key && /^(?:escape|ctrl-c)$/.test(key.name))) return undefined
    if ('text' in key) {
      if (typed.length < 200) typed += key.text
    } else if (key.name === 'backspace') typed = typed.slice(0, -1)
    else if (key.name === 'enter') return typed
  }
}
