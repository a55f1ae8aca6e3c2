import { sayingsOf } from '../../personas/facts.ts'
import { busyboxWords } from '../wording.ts'
import { complain, say, type Command } from './command.ts'
import { busyboxFetchers } from './fetch.ts'
import { busyboxPs } from './processes.ts'

/** Applets that tell their usage when nothing is given to them. */
const needy = new Set(
  'basename chgrp chmod chown chroot cp dirname expr ftpget ftpput grep egrep fgrep kill killall link ln mkdir mkfifo mknod mv nc nslookup ping printf readlink realpath rm rmdir sed seq sleep tar telnet tftp timeout touch tr truncate uncompress unlink wget which'.split(
    ' ',
  ),
)
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
/** Many programs in one: its own where it differs, else those of the machine, in its words. */
export const busybox: Command = async (args, io) => {
  const [name, ...rest] = args
  const { programs, applets: list } = sayingsOf(io.machine.system)
  const about = programs['busybox']?.out ?? ''
  const applets = new Set(list.split(' '))
  const usage = (applet: string): string =>
    `${about.split('\n')[0] ?? ''}\n\n${programs[`busybox ${applet} --help`]?.err ?? `Usage: ${applet}\n`}`
  if (name === undefined || name === '--help') return say(about)
  if (name === '--list') return say([...applets].map((applet) => `${applet}\n`).join(''))
  if (!applets.has(name)) return complain(`${name}: applet not found\n`, 127)
  if (rest[0] === '--help') return { err: usage(name) }
  if (rest.length === 0 && needy.has(name)) return complain(usage(name))
  const fetcher = busyboxFetchers[name]
  if (fetcher !== undefined) {
    const result = await fetcher(rest, io)
    return result.out === undefined && result.err === undefined && result.code === 1 ? complain(usage(name)) : result
  }
  if (name === 'ps') {
    const result = await busyboxPs(rest, io)
    return result.code === 1 ? complain(`${result.err ?? ''}${usage(name)}`) : result
  }
  if (name === 'kill') {
    const { code = 0, err = '' } = await io.exec(`kill ${rest.map(quote).join(' ')}`)
    return {
      code,
      err: err.replace(/^bash: (?:line \d+: )?kill: \((-?\d+)\) - (.*)$/gm, "kill: can't kill pid $1: $2"),
    }
  }
  const {
    out = '',
    err = '',
    code = 0,
  } = await io.exec([name === 'ash' ? 'sh' : name, ...rest].map(quote).join(' '), io.stdin)
  const shell = name === 'ash' || name === 'sh'
  return { out, err: shell ? err : busyboxWords(name, err), code }
}
