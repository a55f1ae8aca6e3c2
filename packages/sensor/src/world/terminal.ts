import { rest } from '../runtime/rest.ts'
import { Files } from './files.ts'
import { completionOf } from './complete.ts'
import { Hangup, LineEditor, maxLine, type Tty } from './editor.ts'
import { fullScreen, paged, showPaged } from './screens/index.ts'
import type { Shell } from './shell.ts'

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
  let pending: Buffer | undefined
  /** The shells within the first one. */
  const levels: Level[] = []
  let code = 0
  /** Ends the innermost shell. @returns whether that was the last */
  const leave = async (): Promise<boolean> => {
    const level = levels.pop()
    if (level?.user === true) shell.leave()
    const words = level === undefined || level.login ? 'logout' : level.kind === 'bash' ? 'exit' : ''
    if (tty.pty && shell.kind === 'bash' && words !== '') await tty.write(`${words}\r\n`)
    return level === undefined
  }
  try {
    for (;;) {
      const plain = shell.kind === 'bash' && levels.at(-1)?.kind === 'sh'
      const prompt = !tty.pty
        ? ''
        : pending !== undefined
          ? '> '
          : plain
            ? shell.user.uid === 0
              ? '# '
              : '$ '
            : shell.prompt
      const line = await editor.read(prompt, { command: true })
      if (line === undefined) {
        if (tty.pty && levels.at(-1)?.kind === 'sh') await tty.write('\r\n')
        if (await leave()) return code
        continue
      }
      const whole: Buffer = pending === undefined ? line : Buffer.concat([pending, Buffer.from('\n'), line])
      const text = whole.toString('latin1').trim()
      if (text === '') continue
      const leaving = /^(?:exit|logout)(?:\s+(\d{1,3}))?\s*;?$/.exec(text)
      const nested = /^(?:\/bin\/|\/usr\/bin\/|busybox |\/bin\/busybox )?(sh|bash|ash|dash)(?: -i)?$/.exec(text)
      if (leaving !== null || nested !== null) {
        pending = undefined
        shell.note(whole)
      }
      if (leaving !== null) {
        code = Number(leaving[1] ?? code)
        if (await leave()) return code
        continue
      }
      if (nested !== null) {
        if (levels.length < 8) levels.push({ kind: nested[1] === 'bash' ? 'bash' : 'sh', login: false, user: false })
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
      const asked = tty.pty ? await ask(editor, shell, text) : undefined
      if (asked === 'interrupted') {
        pending = undefined
        code = 130
        shell.note(whole)
        continue
      }
      const result = await shell.run(whole, {
        terminal: tty.pty,
        signal: tty.signal,
        ...(asked !== undefined && { stdin: asked.stdin }),
      })
      if (result.unfinished && tty.pty && whole.length < maxLine) {
        pending = whole
        continue
      }
      pending = undefined
      code = result.code
      const printed = Buffer.concat([result.out, result.err])
      const said =
        asked?.hides === undefined
          ? printed
          : Buffer.from(printed.toString('latin1').replace(asked.hides, ''), 'latin1')
      const pages = files === undefined || result.code !== 0 ? undefined : paged(text)
      if (files !== undefined && pages !== undefined && said.length > 0) await showPaged(shell, tty, files, said, pages)
      else if (said.length > 0) await tty.write(tty.pty ? crlf(said) : said)
      if (/(?:^|[;&|])\s{0,8}(?:exit|logout)\s{0,8}\d{0,3}\s{0,8};?$/.test(text)) {
        if (await leave()) return code
      }
    }
  } catch (error) {
    if (error instanceof Hangup) return 129
    throw error
  }
}

/** Line ends as a terminal driver writes them. */
export const crlf = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')

/** A shell within a shell. */
interface Level {
  readonly kind: 'sh' | 'bash'
  readonly login: boolean
  /** Whether it runs as somebody else. */
  readonly user: boolean
}

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
async function ask(editor: LineEditor, shell: Shell, text: string): Promise<Typed | 'interrupted' | undefined> {
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
  let size = 0
  while (size < maxTyped && (await answer('', true))) size += lines.at(-1)?.length ?? 0
  return editor.interrupted ? 'interrupted' : typed()
}

/** Lines of one program that reads what is typed until its end. */
const all =
  /^(?:busybox\s+|\/bin\/busybox\s+)?(?:\/(?:usr\/)?bin\/)?(?:cat(?:\s+-)?|tee(?:\s+-a)?\s+[\w./~-]{1,200}|base64\s+-d|crontab\s+-|xxd\s+-r(?:\s+-p)?|wc(?:\s+-[lwc])?|sort|md5sum|sha256sum|rev|tac|chpasswd)\s*(?:\s>{1,2}\s*[\w./~-]{1,200}|>{1,2}\s*[\w./~-]{1,200})?$/
