import type { Assign, Command, Word } from './ast.ts'
import { braced, expandText, expandWord, expandWords } from './expand.ts'
import type { Interpreter } from './interpreter.ts'
import { Parser } from './parser.ts'
import { special } from './special.ts'
import { traced } from './words.ts'

/** Runs a simple command: assignments, words, redirections (POSIX.1-2017, Shell Command Language, 2.9.1). */
export async function simple(shell: Interpreter, command: Command & { readonly t: 'simple' }): Promise<void> {
  const { assigns, words, redirects } = command
  shell.substituted = undefined
  const declares = /^(?:declare|typeset|local|export|readonly)$/.test(words[0]?.raw ?? '')
  const argv = declares ? await declared(shell, words) : words.length === 0 ? [] : await expandWords(shell, words)
  if (argv.length === 0) {
    if (assigns.length > 0 && shell.option('xtrace'))
      for (const one of assigns)
        shell.trace(
          `${one.name}${one.append ? '+' : ''}=${one.array === undefined ? traced(await expandText(shell, one.value, true), true) : `(${one.array.map(({ raw }) => raw).join(' ')})`}`,
        )
    const work = async (): Promise<void> => {
      for (const one of assigns) await shell.assign(one)
      shell.status = shell.substituted ?? 0
    }
    if (redirects.length === 0) return work()
    await shell.redirected(redirects, work)
    return
  }
  if (shell.traps.has('DEBUG') && !shell.trapping && shell.dialect === 'bash')
    await shell.trap(shell.traps.get('DEBUG') ?? '')
  const aside: (readonly [string, string])[] = []
  for (const one of assigns)
    if (one.array === undefined && one.index === undefined) aside.push([one.name, await asideValue(shell, one)])
  if (shell.option('xtrace'))
    shell.trace(
      [...aside.map(([name, value]) => `${name}=${traced(value, true)}`), ...argv.map((word) => traced(word))].join(
        ' ',
      ),
    )
  if (shell.option('noexec') && shell.from !== 'terminal') return
  const [name = '', ...args] = argv
  if (name === 'exec' && !shell.functions.has('exec')) return shell.replace(args, redirects, aside)
  const run = () => shell.run(name, args, aside)
  if (redirects.length === 0) await run()
  else await shell.redirected(redirects, run, special.has(name) && shell.dialect !== 'bash')
  const last = argv.at(-1) ?? ''
  if (shell.dialect === 'bash') shell.variables.set('_', last)
}

async function asideValue(shell: Interpreter, one: Assign): Promise<string> {
  const text = await expandText(shell, one.value, true)
  return one.append ? (shell.variables.get(one.name) ?? '') + text : text
}

/** The words of declare and its like: assignments in them are not split. */
async function declared(shell: Interpreter, words: readonly Word[]): Promise<string[]> {
  const all: string[] = []
  for (const word of words) {
    const one = word.assign
    if (one === undefined || (shell.dialect === 'dash' && words[0]?.raw !== 'export')) {
      all.push(...(await expandWord(shell, word)))
      continue
    }
    if (one.array !== undefined || one.index !== undefined) {
      shell.arrays.set(one.name, one)
      all.push(one.name)
      continue
    }
    // Braces make several of them.
    const each = shell.dialect === 'bash' ? braced(one.value) : [one.value]
    for (const value of each) all.push(`${one.name}${one.append ? '+' : ''}=${await expandText(shell, value, true)}`)
  }
  return all
}

/** name=(…): all is expanded before anything changes. */
export async function assignList(
  shell: Interpreter,
  name: string,
  words: readonly Word[],
  append: boolean,
): Promise<void> {
  const table = shell.variables.find(name)?.table !== undefined
  const items: { readonly key?: string; readonly text: string; readonly more: boolean }[] = []
  for (const word of words) {
    const keyed = /^\[([^\]]*)\](\+?)=/.exec(word.raw)
    if (keyed === null) {
      for (const text of await expandWord(shell, word)) items.push({ text, more: false })
      continue
    }
    const [head, raw = '', plus] = keyed
    const key = await expandText(shell, Parser.inner(raw.replace(/^(["'])([^]*)\1$/, '$2'), shell.dialect, word.line))
    const [item] = new Parser(`x=${word.raw.slice(head.length)}`, shell.dialect).complete() ?? []
    const command = item?.first.commands[0]
    const value = command?.t === 'simple' ? command.assigns[0]?.value : undefined
    items.push({ key, text: value === undefined ? '' : await expandText(shell, value, true), more: plus === '+' })
  }
  if (!append) shell.variables.shape(name, table ? 'table' : 'list', true)
  else if (!table) shell.variables.shape(name, 'list')
  let next = append ? Math.max(-1, ...shell.variables.elements(name).map(([key]) => Number(key))) + 1 : 0
  for (const { key, text, more } of items) {
    shell.variables.setElement(name, key ?? String(next), text, more)
    if (!table) next = key === undefined ? next + 1 : Number(shell.calculate(key)) + 1
  }
}
