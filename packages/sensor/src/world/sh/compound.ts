import { ArithmeticError } from './arith.ts'
import type { Command, Script, Word } from './ast.ts'
import { condition } from './condition.ts'
import { expandPattern, expandText, expandWords } from './expand.ts'
import { Break, Continue, Exit } from './flow.ts'
import type { Interpreter } from './interpreter.ts'
import { Pattern } from './pattern.ts'
import { special } from './special.ts'
import { Capture, maxPipe, nowhere, Source } from './streams.ts'

/** Runs a compound command (POSIX.1-2017, Shell Command Language, 2.9.4, and what bash adds). */
export async function compound(shell: Interpreter, command: Command): Promise<void> {
  switch (command.t) {
    case 'group':
      return shell.script(command.body)
    case 'subshell': {
      const inner = shell.within()
      inner.tested = shell.tested
      shell.status = await inner.scriptStatus(command.body)
      return
    }
    case 'if':
      for (const { test, body } of command.clauses) {
        await tests(shell, test)
        if (shell.status === 0) return shell.script(body)
      }
      if (command.otherwise !== undefined) return shell.script(command.otherwise)
      shell.status = 0
      return
    case 'while': {
      let code = 0
      await loop(shell, async () => {
        await tests(shell, command.test)
        if ((shell.status === 0) === command.until) return false
        await shell.script(command.body)
        code = shell.status
        return true
      })
      shell.status = code
      return
    }
    case 'for': {
      if (!/^[A-Za-z_]\w*$/.test(command.name)) {
        shell.fault(`\`${command.name}': not a valid identifier`)
        shell.status = 1
        return
      }
      const values = command.words === undefined ? shell.positional : await expandWords(shell, command.words)
      shell.status = 0
      let i = 0
      return loop(shell, async () => {
        const value = values[i++]
        if (value === undefined) return false
        shell.variables.set(command.name, value)
        if (shell.option('xtrace'))
          shell.trace(`for ${command.name} in ${(command.words ?? []).map(({ raw }) => raw).join(' ')}`)
        await shell.script(command.body)
        return true
      })
    }
    case 'select':
      return select(shell, command)
    case 'count': {
      const value = async (word: Word): Promise<bigint> => shell.calculate(await expandText(shell, word))
      await value(command.init)
      shell.status = 0
      let begun = false
      return loop(shell, async () => {
        if (begun) await value(command.step)
        begun = true
        if (command.test.raw.trim() !== '' && (await value(command.test)) === 0n) return false
        await shell.script(command.body)
        return true
      })
    }
    case 'case':
      return choose(shell, command)
    case 'arith':
      try {
        shell.status = shell.calculate(await expandText(shell, command.expr)) === 0n ? 1 : 0
      } catch (error) {
        if (!(error instanceof ArithmeticError)) throw error
        shell.fault(`((: ${error.message}`)
        shell.status = 1
      }
      return
    case 'condition':
      shell.status = await condition(shell, command.expr)
      return
    case 'function':
      if (special.has(command.name) && shell.option('posix')) {
        shell.fault(`\`${command.name}': is a special builtin`)
        throw new Exit(2)
      }
      shell.functions.set(command.name, { body: command.body, source: command.source })
      shell.status = 0
      return
    case 'coproc': {
      const capture = new Capture(maxPipe)
      const inner = shell.within(
        new Map([...shell.descriptors, [0, { source: new Source('') }], [1, { sink: capture }]]),
        true,
      )
      const job = shell.jobs.add(`coproc ${command.name}`, inner.depth)
      await inner.commandStatus(command.body)
      shell.jobs.ends(job, 0, 0)
      shell.descriptors.set(63, { source: new Source(capture.text) })
      shell.descriptors.set(60, { sink: nowhere })
      shell.variables.setList(command.name, ['63', '60'])
      shell.variables.set(`${command.name}_PID`, String(job.pid))
      shell.status = 0
      return
    }
    default:
      return
  }
}

async function tests(shell: Interpreter, script: Script): Promise<void> {
  shell.tested++
  try {
    await shell.script(script)
  } finally {
    shell.tested--
  }
}

async function loop(shell: Interpreter, turn: () => Promise<boolean>): Promise<void> {
  shell.loops++
  try {
    for (;;) {
      try {
        if (!(await turn())) return
      } catch (error) {
        if (!(error instanceof Break) && !(error instanceof Continue)) throw error
        shell.status = 0
        if (error.levels > 1 && shell.loops > 1)
          throw error instanceof Break ? new Break(error.levels - 1) : new Continue(error.levels - 1)
        if (error instanceof Break) return
      }
      if (shell.host.aborted()) throw new Exit(130)
      const waiting = shell.host.pause()
      if (waiting !== undefined) await waiting
    }
  } finally {
    shell.loops--
  }
}

async function select(shell: Interpreter, command: Command & { readonly t: 'for' | 'select' }): Promise<void> {
  const values = command.words === undefined ? shell.positional : await expandWords(shell, command.words)
  if (values.length === 0) {
    shell.status = 0
    return
  }
  const width = String(values.length).length
  const menu = values.map((value, i) => `${String(i + 1).padStart(width)}) ${value}\n`).join('')
  let show = true
  shell.status = 0
  await loop(shell, async () => {
    shell.err(`${show ? menu : ''}${shell.variables.get('PS3') ?? '#? '}`)
    const source = shell.descriptors.get(0)?.source
    await source?.fill()
    if (source === undefined || source.empty) {
      shell.out('\n')
      shell.status = 1
      return false
    }
    const reply = source.until('\n').text
    shell.variables.set('REPLY', reply)
    show = reply === ''
    if (reply === '') return true
    shell.variables.set(command.name, /^\d+$/.test(reply.trim()) ? (values[Number(reply) - 1] ?? '') : '')
    await shell.script(command.body)
    return true
  })
}

async function choose(shell: Interpreter, command: Command & { readonly t: 'case' }): Promise<void> {
  const text = await expandText(shell, command.word)
  shell.status = 0
  let through = false
  for (const { patterns, body, end } of command.items) {
    let fits = through
    for (const word of patterns) {
      if (fits) break
      fits = new Pattern(await expandPattern(shell, word), {
        extended: shell.option('extglob'),
        fold: shell.option('nocasematch'),
      }).matches(text)
    }
    through = false
    if (!fits) continue
    shell.status = 0
    await shell.script(body)
    if (end === ';;') return
    through = end === ';&'
  }
}
