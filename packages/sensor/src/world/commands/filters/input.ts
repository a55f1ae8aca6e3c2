import { resolvePath } from '../../node.ts'
import type { Io } from '../command.ts'

// What filters have in common.

/** What is in a file, or on the input for "-". */
export async function read(path: string, io: Io): Promise<Buffer> {
  if (path === '-') return Buffer.from(io.stdin, 'latin1')
  return path.startsWith('/dev/fd/') ? await io.descriptor(path) : Buffer.from(io.fs.content(resolvePath(io.cwd, path)))
}
/** Why something could not be read or written. */
export const why = (error: unknown): string => (error as { words?: string }).words ?? 'No such file or directory'
/** A text of characters as bytes, one character each. */
export const latin = (text: string): string =>
  /[^\u0000-\u00ff]/.test(text) ? Buffer.from(text).toString('latin1') : text
/** What coreutils say after a wrong use. */
export const hint = (name: string): string => `Try '${name} --help' for more information.\n`
