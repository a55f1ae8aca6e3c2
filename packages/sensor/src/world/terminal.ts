import { rest } from '../runtime/rest.ts'
import { Files } from './files.ts'
import { completionOf } from './complete.ts'
import { hands } from './display.ts'
import { Hangup, LineEditor, maxLine, type Asking, type Tty } from './editor.ts'
import { crlf, Foreground } from './foreground.ts'
import { glueOf, Past, recall } from './history.ts'
import { fullScreen, paged, showPaged } from './screens/index.ts'
import type { LineResult, Shell } from './shell.ts'
import { before } from './version.ts'

export { LineEditor, type Tty } from './editor.ts'

/** Whether more must follow before a line can be run at all: a here-document, a pipe or backslash at the end. */
function continues(text: string): boolean {
  if (/(?:\\|\||&&)$/.test(text.trimEnd())) return true
  const word = /<<-?\s*['"]?([\w.-]{1,64})['"]?/.exec(text)?.[1]
  return (
    word !== undefined &&
    !text
      .split('\n')
      .slice(1)
      .some((line) => line.trim() === word)
  )
}

/**
 * An interactive shell until the attacker leaves.
 * @returns the exit code
 */
export async function interact(shell: Shell, tty: Tty): Promise<number> {
  const files = tty.pty ? new Files(shell.session, shell.user) : undefined
  const editor = new LineEditor(tty, (before) =>
    files === undefined
      ? { insert: '', choices: [] }
      : completionOf(files.now, { before, cwd: shell.cwd, home: shell.user.home, path: shell.env('PATH') }),
  )
  const foreground = new Foreground(shell, tty, editor)
  const past = files !== undefined && shell.kind === 'bash' ? new Past(shell, files, editor) : undefined
  let pending: Buffer | undefined
  /** How many lines were read, and where what is pending began. */
  let [count, began] = [0, 1]
  /** The shells within the first one. */
  const levels: Level[] = []
  let code = 0
  /** Whether it was told that there are stopped jobs. */
  let warned = false
  /** Ends the innermost shell. @param words what it says. @returns whether that was the last */
  const leave = async (words: string): Promise<boolean> => {
    const level = levels.pop()
    if (level?.user === true) shell.leave()
    if (tty.pty && words !== '') await tty.write(`${words}\r\n`)
    return level === undefined
  }
  /** What the innermost shell says as it ends. */
  const farewell = (): string => {
    const level = levels.at(-1)
    if (shell.kind !== 'bash' || level?.kind === 'sh') return ''
    return level === undefined || level.login ? 'logout' : 'exit'
  }
  /** Whether it stays because of stopped jobs, which it says once. */
  const stays = async (): Promise<boolean> => {
    if (warned || !shell.halted || shell.kind !== 'bash' || levels.length > 0) return false
    warned = true
    await tty.write('There are stopped jobs.\r\n')
    return true
  }
  try {
    for (;;) {
      const line = await editor.read(promptOf(shell, tty, levels, pending), askingOf(shell, levels))
      if (line === undefined) {
        if (pending !== undefined && tty.pty) {
          const given = pending
          pending = undefined
          code = await cutShort(shell, tty, given)
          continue
        }
        if (tty.pty && levels.at(-1)?.kind === 'sh') await tty.write('\r\n')
        const words = farewell()
        if (tty.pty && shell.halted && !warned && words !== '') {
          await tty.write(`${words}\r\n`)
          if (await stays()) continue
        }
        if (await leave(words)) return code
        continue
      }
      if (editor.interrupted) {
        pending = undefined
        code = 130
        continue
      }
      count++
      if (pending === undefined) began = count
      // Only who sits at a terminal names earlier lines.
      const own = tty.pty ? recalled(shell, editor, levels, line) : { line }
      if ('missing' in own) {
        await tty.write(`-bash: ${own.missing}\r\n`)
        code = 1
        continue
      }
      if (own.line !== line) await tty.write(Buffer.concat([own.line, Buffer.from('\r\n')]))
      const kept = own.line.toString('latin1')
      if (tty.pty && pending === undefined) editor.keep(kept)
      // What goes on is kept with what it goes on with; who leaves a backslash at the end has it taken away.
      else if (tty.pty) editor.keepWith(kept, glueOf(pending?.toString('latin1') ?? ''))
      const whole: Buffer = pending === undefined ? own.line : Buffer.concat([pending, Buffer.from('\n'), own.line])
      const text = whole.toString('latin1').trim()
      if (text === '') continue
      const leaving = /^(exit|logout)(?:\s+(\d{1,3}))?\s*;?$/.exec(text)
      const nested = nestedShell.exec(text) ?? (shell.kind === 'bash' ? spawnedShell.exec(text) : null)
      if (leaving !== null || nested !== null) {
        pending = undefined
        shell.note(whole)
      }
      if (leaving !== null) {
        if (leaving[1] === 'logout' && levels.length > 0 && levels.at(-1)?.login !== true) {
          if (tty.pty)
            await tty.write(
              levels.at(-1)?.kind === 'sh'
                ? `sh: ${readingOf(began, levels.at(-1)).line}: logout: not found\r\n`
                : "bash: logout: not login shell: use `exit'\r\n",
            )
          code = 1
          continue
        }
        code = Number(leaving[2] ?? code)
        // Only exit says so; logout is what it says.
        const words = leaving[1] === 'exit' ? farewell() : ''
        if (tty.pty && shell.halted && !warned) {
          if (words !== '') await tty.write(`${words}\r\n`)
          if (await stays()) {
            code = 1
            continue
          }
        }
        if (await leave(words)) return code
        continue
      }
      warned = false
      if (nested !== null) {
        if (levels.length < 8)
          levels.push({
            kind: nested.groups?.['shell'] === 'bash' ? 'bash' : 'sh',
            login: false,
            user: false,
            since: count,
          })
        continue
      }
      if (tty.pty && pending === undefined) {
        const level = await becoming(editor, shell, tty, text)
        if (level !== undefined) {
          shell.note(whole)
          if (level === 'refused') code = 1
          else if (levels.length < 8) levels.push(level)
          else shell.leave()
          continue
        }
      }
      if (tty.pty && continues(whole.toString('latin1')) && whole.length < maxLine) {
        pending = whole
        continue
      }
      if (tty.pty && /^sudo\s+[^-\s]/.test(text) && !(await allowed(editor, shell, tty))) {
        pending = undefined
        code = 1
        shell.note(whole)
        continue
      }
      if (files !== undefined && pending === undefined && (await fullScreen(shell, tty, files, whole))) {
        code = 0
        continue
      }
      const asked = tty.pty ? await ask(editor, shell, tty, text) : undefined
      if (asked === 'interrupted') {
        pending = undefined
        code = 130
        shell.note(whole)
        continue
      }
      const result = await run(whole, asked)
      if (result === undefined) {
        pending = undefined
        code = 148
        continue
      }
      if (result.unfinished && whole.length < maxLine) {
        pending = whole
        continue
      }
      pending = undefined
      code = result.code
      const set = tty.pty ? /^stty\s[^;|&]*?(-?)\becho\b/.exec(text) : null
      if (set !== null) editor.typed = set[1] === ''
      if (tty.pty && /^(?:stty\s+sane|reset)$/.test(text)) editor.typed = true
      if (result.exited && (await leave(farewell()))) return code
    }
  } catch (error) {
    if (error instanceof Hangup) return 129
    throw error
  } finally {
    foreground.end()
    past?.save()
  }

  /** Runs a line and shows what it prints. @returns undefined where it was stopped */
  async function run(whole: Buffer, asked: Typed | undefined): Promise<LineResult | undefined> {
    const options = {
      signal: tty.signal,
      reading: readingOf(began, levels.at(-1)),
      size: tty.pty ? tty.size?.() : undefined,
      ...(/\bhistory\b/.test(whole.toString('latin1')) && { history: editor.history }),
      ...(asked !== undefined && { stdin: asked.stdin }),
    }
    if (!tty.pty) {
      let sending = Promise.resolve()
      const send = (bytes: Buffer, to: (bytes: Buffer) => Promise<void>): void => {
        if (bytes.length > 0) sending = sending.then(() => to(bytes)).catch(() => {})
      }
      const printed = (out: Buffer, err: Buffer): void => (send(out, tty.write), send(err, tty.complain ?? tty.write))
      const result = await shell.run(whole, { ...options, terminal: false, printed })
      if (!result.unfinished) printed(result.out.subarray(result.printed.out), result.err.subarray(result.printed.err))
      await sending
      return result
    }
    const pages = files === undefined ? undefined : paged(whole.toString('latin1').trim())
    if (files !== undefined && pages !== undefined) {
      const result = await shell.run(whole, { ...options, terminal: true })
      const said = result.out
      if (result.code === 0 && said.length > 0 && !result.unfinished) await showPaged(shell, tty, files, said, pages)
      else await tty.write(crlf(said))
      return result
    }
    const returned = await foreground.run(whole, options, asked?.hides)
    if (returned.how === 'stopped') return undefined
    const again = await foreground.resume(returned.result.resumed)
    if (again?.how === 'stopped') return undefined
    return again === undefined ? returned.result : again.result
  }
}

/** A shell within the shell, and one that Python starts at a terminal of its own: what attackers do to get one. */
const nestedShell = /^(?:\/bin\/|\/usr\/bin\/|busybox |\/bin\/busybox )?(?<shell>sh|bash|ash|dash)(?: -i)?$/
const spawnedShell =
  /^(?:\/usr\/bin\/)?python(?:3(?:\.\d{1,2})?)?\s+-c\s+(["'])import pty;\s*pty\.spawn\(\[?["'](?:\/usr)?\/bin\/(?<shell>sh|bash)["']\]?\)\s*;?\1$/

/** The prompt of the innermost shell. */
function promptOf(shell: Shell, tty: Tty, levels: readonly Level[], pending: Buffer | undefined): string {
  if (!tty.pty) return ''
  if (pending !== undefined) return '> '
  const plain = shell.kind === 'bash' && levels.at(-1)?.kind === 'sh'
  return plain ? (shell.user.uid === 0 ? '# ' : '$ ') : shell.prompt
}

/** Who edits the lines of the innermost shell: dash leaves that to the terminal. */
function askingOf(shell: Shell, levels: readonly Level[]): Asking {
  if (shell.kind !== 'bash') return { keys: 'busybox', hand: hands.busybox }
  if (levels.at(-1)?.kind === 'sh') return {}
  const terminal = shell.env('TERM')
  const hand = /^(?:|dumb|unknown|network)$/.test(terminal)
    ? hands.dumb
    : terminal === 'vt100'
      ? hands.vt100
      : hands.readline
  const { bash } = shell.session.persona.machine.versions
  const paste = hand !== hands.dumb && !before(bash, '5.1')
  return { keys: 'readline', hand, paste, ends: paste && !before(bash, '5.2') }
}

/** What a line becomes by the history, which only bash looks at. */
function recalled(
  shell: Shell,
  editor: LineEditor,
  levels: readonly Level[],
  line: Buffer,
): { readonly line: Buffer } | { readonly missing: string } {
  if (shell.kind !== 'bash' || levels.at(-1)?.kind === 'sh' || askingOf(shell, levels).keys === undefined)
    return { line }
  const text = line.toString('latin1')
  const own = recall(text, editor.history)
  if ('missing' in own) return own
  return own.line === text ? { line } : { line: Buffer.from(own.line, 'latin1') }
}

/** The input ended within a command: bash says what it misses and goes on. @returns the code */
async function cutShort(shell: Shell, tty: Tty, given: Buffer): Promise<number> {
  shell.note(given)
  const text = given.toString('latin1').replace(/\\[\s\S]/g, '')
  const quote = /^(?:[^'"]|'[^']*'|"[^"]*")*(['"])/.exec(text)?.[1]
  const name = shell.kind === 'bash' ? '-bash' : '-sh'
  if (quote !== undefined) await tty.write(`${name}: unexpected EOF while looking for matching \`${quote}'\r\n`)
  await tty.write(`${name}: syntax error: unexpected end of file\r\n`)
  return 2
}

/** A shell within a shell. */
interface Level {
  readonly kind: 'sh' | 'bash'
  readonly login: boolean
  /** Whether it runs as somebody else. */
  readonly user: boolean
  /** How many lines had been read before it. */
  readonly since?: number
}

/** Which line of which shell a line is. */
const readingOf = (line: number, level: Level | undefined): { line: number; within?: 'sh' | 'bash' } =>
  level === undefined || level.user ? { line } : { line: line - (level.since ?? 0), within: level.kind }

/** Shells whose user has proved to sudo who it is. */
const proved = new WeakSet<Shell>()

/** Asks for a password until it is right. What is tried is evidence. */
async function proves(
  editor: LineEditor,
  { session }: Shell,
  tty: Tty,
  {
    method,
    user,
    tries,
    prompt,
    wrong,
  }: { method: string; user: string; tries: number; prompt: string; wrong: string },
): Promise<boolean> {
  for (let i = 0; i < tries; i++) {
    const typed = await editor.read(prompt, { echo: false })
    if (typed === undefined || editor.interrupted) return false
    const secret = typed.toString('utf8')
    const accepted = session.world.acceptsPassword(user, secret)
    session.record('auth.attempt', { method, user, secret, accepted })
    if (accepted) return true
    await rest(2000 + Math.random() * 600, tty.signal)
    if (i < tries - 1) await tty.write(wrong)
  }
  return false
}

/** Whether sudo lets somebody go on. */
async function allowed(editor: LineEditor, shell: Shell, tty: Tty): Promise<boolean> {
  const { uid, name } = shell.user
  if (uid === 0 || proved.has(shell)) return true
  const about = {
    method: 'sudo',
    user: name,
    tries: 3,
    prompt: `[sudo] password for ${name}: `,
    wrong: 'Sorry, try again.\r\n',
  }
  if (await proves(editor, shell, tty, about)) {
    proved.add(shell)
    return true
  }
  if (!editor.interrupted) await tty.write('sudo: 3 incorrect password attempts\r\n')
  return false
}

/** su, and sudo for a shell: the attacker goes on as somebody else. @returns undefined where the line is neither */
async function becoming(
  editor: LineEditor,
  shell: Shell,
  tty: Tty,
  text: string,
): Promise<Level | 'refused' | undefined> {
  const { users } = shell.session.persona.machine
  const sudo = /^sudo\s+(?:-([is])|(?:\/bin\/)?su(\s+-l?)?(?:\s+root)?|(?:\/bin\/)?(?:ba|da|a)?sh)$/.exec(text)
  const su = /^(?:\/(?:usr\/)?bin\/)?su(\s+(?:-|-l|--login))?(?:\s+([\w.][\w.-]{0,31}))?(\s+-)?$/.exec(text)
  if (sudo === null && su === null) return undefined
  const login =
    sudo !== null ? sudo[1] === 'i' || sudo[2] !== undefined : su?.[1] !== undefined || su?.[3] !== undefined
  const wanted = su?.[2] ?? 'root'
  const target = users.find(({ name }) => name === wanted)
  if (sudo !== null && !(await allowed(editor, shell, tty))) return 'refused'
  if (target === undefined) {
    await tty.write(`su: user ${wanted} does not exist or the user entry does not contain all the required fields\r\n`)
    return 'refused'
  }
  if (su !== null && shell.user.uid !== 0) {
    const about = { method: 'su', user: wanted, tries: 1, prompt: 'Password: ', wrong: '' }
    if (!(await proves(editor, shell, tty, about))) {
      if (!editor.interrupted) await tty.write('su: Authentication failure\r\n')
      return 'refused'
    }
  }
  if (/(?:nologin|false)$/.test(target.shell)) {
    await tty.write('This account is currently not available.\r\n')
    return 'refused'
  }
  shell.enter(target, login)
  return { kind: shell.kind === 'bash' ? 'bash' : 'sh', login, user: true }
}

/** What was typed for a program, and what it prints of its questions, which have been asked already. */
interface Typed {
  readonly stdin: Buffer
  readonly hides?: RegExp
}
const maxTyped = 1024 * 1024

/**
 * Asks for what a program wants to be typed, before it runs: passwords, an answer for the shell's read, lines up to ^D for
 * those that read all there is. @returns undefined where it wants nothing
 */
async function ask(
  editor: LineEditor,
  shell: Shell,
  tty: Tty,
  text: string,
): Promise<Typed | 'interrupted' | undefined> {
  const lines: Buffer[] = []
  const answer = async (prompt: string, echo: boolean): Promise<boolean> => {
    const line = await editor.read(prompt, { echo })
    if (line === undefined || editor.interrupted) return false
    lines.push(Buffer.concat([line, Buffer.from('\n')]))
    return true
  }
  const typed = (hides?: RegExp): Typed => ({ stdin: Buffer.concat(lines), ...(hides !== undefined && { hides }) })
  const passwd = /^(?:sudo\s+)?(?:\/usr\/bin\/)?passwd(?:\s+([\w.-]{1,32}))?$/.exec(text)
  if (passwd !== null && shell.kind === 'bash') {
    const { uid, name } = shell.user
    const [, of = name] = passwd
    const known = shell.session.persona.machine.users.some((user) => user.name === of)
    if (!known || (uid !== 0 && of !== name)) return undefined
    const questions =
      uid === 0
        ? ['New password: ', 'Retype new password: ']
        : [`Changing password for ${of}.\r\nCurrent password: `, 'New password: ', 'Retype new password: ']
    for (const question of questions)
      if (!(await answer(question, false))) return editor.interrupted ? 'interrupted' : typed()
    return typed(
      /^(?:Changing password for [^\n]*\n)?(?:Current password: )?(?:New password: )?(?:Retype new password: )?/,
    )
  }
  const keygen = /^(?:\/usr\/bin\/)?ssh-keygen((?:\s+[\w./~@'"=-]*)*)$/.exec(text)
  if (keygen !== null && !/\s-\w*[lyRqFA]/.test(keygen[1] ?? '')) {
    const [, given = ''] = keygen
    const kind = /-t\s*(\w+)/.exec(given)?.[1] ?? 'rsa'
    const standard = `${shell.user.home}/.ssh/id_${kind}`
    const questions = [
      ...(/\s-f/.test(given)
        ? []
        : [`Generating public/private ${kind} key pair.\r\nEnter file in which to save the key (${standard}): `]),
      ...(/\s-N/.test(given) ? [] : ['Enter passphrase (empty for no passphrase): ', 'Enter same passphrase again: ']),
    ]
    for (const question of questions)
      if (!(await answer(question, !question.includes('passphrase ')))) return 'interrupted'
    return typed(
      /^Generating public\/private \w+ key pair\.\n(?=Enter file)|Enter file in which to save the key [^:\n]*: |Enter passphrase \(empty for no passphrase\): Enter same passphrase again: /g,
    )
  }
  const read = /^read(?=\s|$)([^<|;&]*)$/.exec(text)
  if (read !== null) {
    const prompt = /\s-\w*p\s*(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(read[1] ?? '')
    const silent = /\s-\w*s/.test(read[1] ?? '')
    const got = await answer(prompt?.[1] ?? prompt?.[2] ?? prompt?.[3] ?? '', !silent)
    return !got && editor.interrupted ? 'interrupted' : typed()
  }
  if (!all.test(text)) return undefined
  // What shows each line as it comes.
  const echoes = /^(?:\/(?:usr\/)?bin\/)?(?:cat(?:\s+-)?|tee(?:\s+-a)?\s+[\w./~-]{1,200})$/.test(text)
  let size = 0
  while (size < maxTyped && (await answer('', true))) {
    const line = lines.at(-1) ?? Buffer.alloc(0)
    size += line.length
    if (echoes) await tty.write(crlf(line))
  }
  return editor.interrupted ? 'interrupted' : typed(echoes ? /^[\s\S]*/ : undefined)
}

/** Lines of one program that reads what is typed until its end. */
const all =
  /^(?:busybox\s+|\/bin\/busybox\s+)?(?:\/(?:usr\/)?bin\/)?(?:cat(?:\s+-)?|tee(?:\s+-a)?\s+[\w./~-]{1,200}|base64\s+-d|crontab\s+-|xxd\s+-r(?:\s+-p)?|wc(?:\s+-[lwc])?|sort|md5sum|sha256sum|rev|tac|chpasswd)\s*(?:\s>{1,2}\s*[\w./~-]{1,200}|>{1,2}\s*[\w./~-]{1,200})?$/
