/** Something in a file system. Plain data: it travels between threads; bytes are shared, not copied. */
export interface FsNode {
  readonly type: 'file' | 'directory' | 'link' | 'device'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Milliseconds since 1970. */
  readonly mtime: number
  /** Content of a file. */
  readonly data?: Uint8Array | undefined
  /** Size to show where the content is made when read. */
  readonly size?: number | undefined
  /** Where the content is made when read: the facts of a program's header, or "" for text. */
  readonly filler?: string | undefined
  /** What a link points at. */
  readonly target?: string | undefined
  /** "i": it may not be changed; "a": only added to (chattr). */
  readonly locked?: string | undefined
  /** Content that the sensor made up itself: not evidence. */
  readonly made?: boolean | undefined
}

/** Changes of one world against the image: null where something was removed. */
export type Overlay = Map<string, FsNode | null>

/** Joins and normalises a path: absolute, without "." and "..". */
export function resolvePath(base: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part.slice(0, 255))
  }
  return `/${parts.slice(0, 64).join('/')}`
}

export const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/'))) || '/'
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Bytes that all threads share. */
export function shared(content: string | Uint8Array): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
