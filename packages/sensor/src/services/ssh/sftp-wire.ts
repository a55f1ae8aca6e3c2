import type { Cursor } from '../../runtime/reader.ts'
import { sizeOf } from '../../world/fs.ts'
import type { FsNode } from '../../world/node.ts'
import { uint32 } from './wire.ts'

// The messages of SFTP version 3 (draft-ietf-secsh-filexfer-02): numbers, states, attributes.

/** What a client asks. */
export const op = {
  INIT: 1,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  EXTENDED: 200,
} as const
/** What is answered. */
export const answer = {
  VERSION: 2,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED_REPLY: 201,
} as const

/** States, in OpenSSH's words. */
export const words = [
  'Success',
  'End of file',
  'No such file',
  'Permission denied',
  'Failure',
  'Bad message',
  'No connection',
  'Connection lost',
  'Operation unsupported',
] as const
/** How OpenSSH tells what the system said. */
export const codes: Readonly<Record<string, number>> = {
  ENOENT: 2,
  ENOTDIR: 2,
  ELOOP: 2,
  EPERM: 3,
  EACCES: 3,
  EINVAL: 5,
}
/** What is answered with a state. */
export class Refused extends Error {
  readonly code: number
  constructor(code: number, text: string = words[code] ?? '') {
    super(text)
    this.code = code
  }
}
export const eof = 1
export const missing = 2
export const failure = 4
export const badMessage = 5
export const unsupported = 8

const typeBits: Readonly<Record<FsNode['type'], number>> = {
  file: 0o100000,
  directory: 0o040000,
  link: 0o120000,
  device: 0o020000,
}

/** Attributes that a client gave. */
export interface Attributes {
  readonly size?: number
  readonly owner?: readonly [uid: number, gid: number]
  readonly mode?: number
  readonly mtime?: number
}
/** Reads the attributes in a message. */
export function readAttributes(cursor: Cursor): Attributes {
  const flags = cursor.u32()
  const size = (flags & 1) === 0 ? undefined : cursor.u32() * 2 ** 32 + cursor.u32()
  const owner = (flags & 2) === 0 ? undefined : ([cursor.u32(), cursor.u32()] as const)
  const mode = (flags & 4) === 0 ? undefined : cursor.u32()
  const times = (flags & 8) === 0 ? undefined : [cursor.u32(), cursor.u32()]
  return {
    ...(size !== undefined && { size }),
    ...(owner !== undefined && { owner }),
    ...(mode !== undefined && { mode: mode & 0o7777 }),
    ...(times !== undefined && { mtime: (times[1] ?? 0) * 1000 }),
  }
}
export const uint64 = (n: number): Buffer => Buffer.concat([uint32(Math.floor(n / 2 ** 32)), uint32(n % 2 ** 32)])
/** The attributes of a file, as they are sent. */
export const attributes = (node: FsNode): Buffer =>
  Buffer.concat([
    uint32(15),
    uint64(sizeOf(node)),
    uint32(node.uid),
    uint32(node.gid),
    uint32(typeBits[node.type] | node.mode),
    uint32(Math.floor(node.mtime / 1000)),
    uint32(Math.floor(node.mtime / 1000)),
  ])
