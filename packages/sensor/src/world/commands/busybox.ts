import { sayingsOf } from '../../personas/facts.ts'
import { busyboxWords } from '../wording.ts'
import { applets } from './applets.ts'
import { complain, say, type Command, type Io, type Result } from './command.ts'
import { busyboxFetchers } from './fetch.ts'
import { busyboxPs, busyboxTop } from './processes.ts'

/** Applets that tell their usage when nothing is given to them. */
const needy = new Set(
  'basename chgrp chmod chown chroot cp dirname expr ftpget ftpput grep egrep fgrep kill killall link ln mkdir mkfifo mknod mv nc nslookup ping printf readlink realpath rm rmdir sed seq sleep tar telnet tftp timeout touch tr truncate uncompress unlink wget which'.split(
    ' ',
  ),
)
/** A row of ls -l: mode, links, owner, group; then the size with what is before it, and the rest. */
const longRow = /^([-bcdlps][-rwxsStT]{9}) {1,8}(\d+) (\S+) +(\S+)( {1,12}\d+ )/gm
/** Applets whose output has a form of its own. */
const own: Readonly<Record<string, Command>> = {
  ...busyboxFetchers,
  ...applets,
  ps: busyboxPs,
  top: busyboxTop,
}

/** The first line of what the machine's busybox says of itself, and what it says of one applet. */
function usageOf({ machine }: Io, name: string): string {
  const { programs } = sayingsOf(machine.system)
  const about = programs['busybox']?.out ?? ''
  return `${about.split('\n')[0] ?? ''}\n\n${programs[`busybox ${name} --help`]?.err ?? `Usage: ${name}\n`}`
}

/**
 * One applet: its own where it differs, else the machine's program in its words.
 * @param run runs the machine's program of that name
 */
export async function applet(
  name: string,
  args: readonly string[],
  io: Io,
  run: () => Promise<Result>,
): Promise<Result> {
  const usage = usageOf(io, name)
  if (args[0] === '--help') return { err: usage }
  if (args.length === 0 && needy.has(name) && io.stdin === '') return complain(usage)
  const special = own[name]
  if (special !== undefined) {
    const result = await special(args, io)
    const lost = result.code === 1 && result.out === undefined
    if (lost && result.err === undefined) return complain(usage)
    return lost && /: (?:invalid|unrecognized) option/.test(result.err ?? '')
      ? complain(`${result.err ?? ''}${usage}`)
      : result
  }
  const { out = '', err = '', code = 0 } = await run()
  if (name === 'sh' || name === 'ash') return { out, err, code }
  if (name === 'kill')
    return {
      code,
      err: err
        .replace(/^sh: (?=can't kill pid)/gm, 'kill: ')
        .replace(
          /^(?:\S+: )?kill: (?:\((-?\d+)\) - |sending signal to (\d+) failed: )(.*)$/gm,
          (_, shell: string | undefined, program: string | undefined, why: string) =>
            `kill: can't kill pid ${shell ?? program}: ${why}`,
        ),
    }
  // Operands too many, or too few, are answered with the usage alone.
  if (/: (?:extra|missing) (?:file )?operand/.test(err)) return complain(usage)
  const words = busyboxWords(name, err)
  return {
    out:
      name === 'ls'
        ? out.replace(
            longRow,
            (_, mode: string, count: string, user: string, group: string, size: string) =>
              `${mode} ${count.padStart(4)} ${user.padEnd(8)} ${group.padEnd(8)} ${size.trim().padStart(9)} `,
          )
        : out,
    err: /: (?:invalid|unrecognized) option/.test(words) ? `${words.split('\n')[0] ?? ''}\n${usage}` : words,
    // GNU's ls and tar tell small trouble from great.
    code: code === 2 && (name === 'ls' || name === 'tar') ? 1 : code,
  }
}

/** Many programs in one. */
export const busybox: Command = async (args, io) => {
  const [name, ...rest] = args
  const { programs, applets: list } = sayingsOf(io.machine.system)
  const about = programs['busybox']?.out ?? ''
  const names = list.split(' ')
  if (name === undefined || name === '--help') return say(about)
  if (name === '--list') return say(names.map((one) => `${one}\n`).join(''))
  if (!names.includes(name)) return complain(`${name}: applet not found\n`, 127)
  // Where all programs are busybox's, each finds its applet by itself.
  if (io.machine.userland === 'busybox') return io.run([name, ...rest])
  return applet(name, rest, io, () => io.run([name === 'ash' ? 'sh' : name, ...rest]))
}
