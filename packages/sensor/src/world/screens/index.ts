import type { Tty } from '../editor.ts'
import type { Files } from '../files.ts'
import type { Shell } from '../shell.ts'
import { htop } from './htop.ts'
import { nano } from './nano.ts'
import { page } from './pager.ts'
import { Screen, type FullScreen } from './screen.ts'
import { top } from './top.ts'
import { vi } from './vi.ts'

/** Programs that fill the terminal, by what they are called. */
const programs: Readonly<Record<string, FullScreen>> = {
  vi,
  vim: vi,
  'vim.tiny': vi,
  view: vi,
  nano,
  pico: nano,
  top,
  htop,
}

/** The program that a line is for: one alone, with plain words. */
function wanted(text: string): { run: FullScreen; name: string; args: string[] } | undefined {
  const words =
    /^(?:sudo\s+)?(?:\/(?:usr\/)?bin\/)?([\w.]{2,10})((?:\s+(?:'[^']*'|"[^"$`]*"|[\w./~+:@%=,-]+))*)\s*$/.exec(text)
  const name = words?.[1] ?? ''
  const run = Object.hasOwn(programs, name) ? programs[name] : undefined
  if (run === undefined) return undefined
  const args = (words?.[2] ?? '').match(/'[^']*'|"[^"]*"|\S+/g) ?? []
  const plain = args.map((arg) => arg.replace(/^(['"])(.*)\1$/, '$2'))
  // What only tells something, or looks once, needs no screen.
  if (plain.some((arg) => /^--?(?:help|version|V|h)$|^-\w*b/.test(arg))) return undefined
  return { run, name, args: plain }
}

/** Runs a line that fills the terminal. @returns false where it is none of those */
export async function fullScreen(shell: Shell, tty: Tty, files: Files, line: Buffer): Promise<boolean> {
  const program = wanted(line.toString('latin1').trim())
  if (program === undefined) return false
  const there = ['/usr/bin', '/bin'].some((folder) => files.now.node(`${folder}/${program.name}`) !== undefined)
  if (!there) return false
  await program.run(new Screen(shell, tty, files, shell.note(line)), program.args)
  return true
}

/** Whether what a line prints is to be shown page by page: it ends in a pager. */
export function paged(text: string): { program: 'less' | 'more'; name: string } | undefined {
  const match = /(?:^|[|;&]\s*)(less|more|most)(?:\s+-[\w-]+)*(?:\s+([\w./~-]{1,300}))?\s*$/.exec(text)
  return match === null ? undefined : { program: match[1] === 'more' ? 'more' : 'less', name: match[2] ?? '' }
}

/** Shows what a line printed page by page. */
export const showPaged = (
  shell: Shell,
  tty: Tty,
  files: Files,
  output: Buffer,
  { program, name }: { readonly program: 'less' | 'more'; readonly name: string },
): Promise<void> => page(new Screen(shell, tty, files, ''), output.toString('latin1'), program, name)
