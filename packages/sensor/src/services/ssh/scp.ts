import { EndOfStream, type Reader } from '../../runtime/reader.ts'
import type { User } from '../../personas/machine.ts'
import type { Session } from '../../runtime/service.ts'
import { Files } from '../../world/files.ts'
import { quota } from '../../world/fs.ts'
import { nameOf, resolvePath } from '../../world/node.ts'

// The far side of scp as it was before it spoke SFTP (OpenSSH's scp.c): -t takes files, -f gives them.

const maxFiles = 500

/** What an exec line asks of scp; undefined when it is another program, or a line that a shell must read. */
export function scpOf(line: string): { takes: boolean; recursive: boolean; paths: string[] } | undefined {
  const words = /^(?:\/usr\/bin\/)?scp((?: -[a-zA-Z]+)+)((?: (?:'[^']*'|[^\s;&|<>$`'"\\*?]+))+)$/.exec(line.trim())
  const flags = (words?.[1] ?? '').replaceAll(' -', '')
  if (words === null || !/[tf]/.test(flags)) return undefined
  const paths = [...(words[2] ?? '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  return { takes: flags.includes('t'), recursive: flags.includes('r'), paths: paths.filter((path) => path !== '--') }
}

type Send = (bytes: string | Uint8Array) => Promise<void>

/**
 * Takes files from a client that runs `scp FILE host:PATH`.
 * @returns the exit code
 */
export async function takeFiles(
  session: Session,
  user: User,
  asked: NonNullable<ReturnType<typeof scpOf>>,
  input: Reader,
  send: Send,
  parent: string,
): Promise<number> {
  const files = new Files(session, user)
  const wanted = resolvePath(user.home, asked.paths[0] ?? '.')
  let folders: string[] = []
  let code = 0
  const refuse = async (text: string): Promise<void> => {
    code = 1
    await send(`\u0001scp: ${text}\n`)
  }
  await send('\0')
  try {
    for (let count = 0; count < maxFiles;) {
      const line = (await input.line(4096)).toString('utf8')
      const [, kind = '', rest = ''] = /^([CDETO\u0001\u0002])(.*)$/.exec(line) ?? []
      if (kind === 'E') {
        folders = folders.slice(0, -1)
        await send('\0')
        continue
      }
      if (kind === 'T') {
        await send('\0')
        continue
      }
      const [, mode = '', digits = '', name = ''] = /^([0-7]{4}) (\d{1,15}) ([^/]+)$/.exec(rest) ?? []
      if ((kind !== 'C' && kind !== 'D') || name === '' || name === '.' || name === '..') {
        await refuse('protocol error: unexpected <newline>')
        return 1
      }
      count++
      const base = folders.at(-1) ?? wanted
      const inside = folders.length > 0 || files.now.node(base)?.type === 'directory'
      const path = inside ? resolvePath(base, name) : base
      if (kind === 'D') {
        if (!asked.recursive) {
          await refuse('received directory without -r')
          return 1
        }
        try {
          if (files.now.node(path) === undefined) files.now.makeFolder(path, Number.parseInt(mode, 8) & 0o777)
          files.settle(parent)
          folders = [...folders, path]
          await send('\0')
        } catch {
          await refuse(`${path}: No such file or directory`)
          return 1
        }
        continue
      }
      await send('\0')
      const size = Number(digits)
      const parts: Buffer[] = []
      for (let left = size; left > 0;) {
        const part = await input.some(Math.min(left, 65_536))
        if (part === undefined) throw new EndOfStream('the client left within a file')
        // What is beyond the disk is read, so that the conversation goes on, and not kept.
        if (size - left < quota.file) parts.push(Buffer.from(part))
        left -= part.length
      }
      await input.bytes(1)
      const bytes = Buffer.concat(parts).subarray(0, quota.file)
      try {
        if (size > quota.file) throw new RangeError('No space left on device')
        files.now.write(path, bytes)
        files.now.setMode(path, Number.parseInt(mode, 8) & 0o777)
        files.settle(parent)
        await send('\0')
      } catch (error) {
        session.keep(bytes, { name: path, parent })
        await refuse(`${path}: ${error instanceof RangeError ? error.message : 'No such file or directory'}`)
      }
    }
    return code
  } catch (error) {
    if (!(error instanceof EndOfStream)) throw error
    return code
  }
}

/** Gives files to a client that runs `scp host:PATH FILE`. @returns the exit code */
export async function giveFiles(
  session: Session,
  user: User,
  asked: NonNullable<ReturnType<typeof scpOf>>,
  input: Reader,
  send: Send,
): Promise<number> {
  const files = new Files(session, user)
  const fs = files.now
  let code = 0
  let given = 0
  const heard = async (): Promise<boolean> => (await input.bytes(1))[0] === 0
  const give = async (path: string): Promise<void> => {
    const node = fs.node(path)
    if (node === undefined) {
      code = 1
      await send(`\u0001scp: ${path}: No such file or directory\n`)
      return
    }
    if (given++ > maxFiles) return
    const mode = `0${(node.mode & 0o777).toString(8).padStart(3, '0')}`
    if (node.type === 'directory') {
      if (!asked.recursive) {
        code = 1
        await send(`\u0001scp: ${path}: not a regular file\n`)
        return
      }
      await send(`D${mode} 0 ${nameOf(path)}\n`)
      if (!(await heard())) return
      for (const name of fs.names(path)) await give(resolvePath(path, name))
      await send('E\n')
      await heard()
      return
    }
    const bytes = Buffer.from(fs.content(path))
    await send(`C${mode} ${bytes.length} ${nameOf(path)}\n`)
    if (!(await heard())) return
    await send(Buffer.concat([bytes, Buffer.of(0)]))
    await heard()
  }
  try {
    if (!(await heard())) return 1
    for (const path of asked.paths) await give(resolvePath(user.home, path))
  } catch (error) {
    if (!(error instanceof EndOfStream)) throw error
  }
  return code
}
