// How a line of ours compares with the recording of a real machine's.

/** A line as a real machine answered it, one character a byte. */
export interface Recorded {
  readonly input: string
  readonly out: string
  readonly err: string
  readonly code: number | 'timeout'
}
/** What ours said. */
export interface Answer {
  readonly out: string
  readonly err: string
  readonly code: number
}
/**
 * equal: to the byte. values: the same words and form, with the numbers and names that one machine has and another has
 * not. table: a list of what is on the machine (processes, mounts, files), whose lines have the same form. differs: all
 * else.
 */
export type Verdict = 'equal' | 'values' | 'table' | 'differs'

/** Programs that list what a machine has. */
const lists =
  /\b(ps|top|mount|df|last|netstat|ss|ifconfig|lscpu|lspci|find|ls|free|dpkg)\b|\/proc\/(\d+\/|self\/)?(mounts|cpuinfo|meminfo)/

/** Leaves out what differs between two machines of the same kind. */
export function shape(text: string, host = 'mail1'): string {
  return (
    text
      .replaceAll(host, 'HOST')
      // Who built it and when, and for which processor.
      .replace(/BusyBox v[\d.]+ \([^)\n]*\)/g, 'BusyBox')
      .replace(/\b(?:x86_64|armv7l|mips)\b/g, 'ARCH')
      .replace(/\x7fELF[\s\S]*/, 'ELF')
      .replace(/^model name\s*:.*$/gm, 'model name: CPU')
      .replace(/(AMD|Intel|ARMv7)[^\n]*/g, 'CPU')
      .replace(/\$1\$\S+/g, '$1$HASH')
      .replace(/ up [^\n]*?, +(\d+) users?/g, ' up TIME, $1 user')
      .replace(/^(UNAME:)?Linux [^\n]*/gm, '$1Linux')
      .replace(/^GPU:.*$/m, 'GPU:')
      // A connection that fails at once, and one that is turned back on the way.
      .replace(
        /Failed to connect to \S+ port \d+(?: after \d+ ms)?: (?:No route to host|Couldn't connect to server)|Couldn't connect to server/g,
        'no connection',
      )
      .replace(/ {2}% Total[\s\S]*?--:--:--     0(?=curl)/g, '')
      .replace(/chattr: Operation not supported while setting flags on \S+\n/g, '')
      .replace(/^(Err|Hit|Ign|W: Failed to fetch).*\n( {2}Temporary.*\n)?/gm, '')
      .replace(/\d+(\.\d+)?[KMGT]?/g, '0')
      .replace(/[ \t]+/g, ' ')
      .trim()
  )
}

/** The form of each line of a list, once. */
const forms = (text: string, host?: string): Set<string> =>
  new Set(
    shape(text, host)
      .split('\n')
      .map((line) => line.replace(/[^\s]+/g, 'w').replace(/( w)+$/, ' w+')),
  )

/** Compares an answer with the recording. @param host the name of our machine; that of the recorded one is mail1 */
export function verdict(recorded: Recorded, answer: Answer, host: string): Verdict {
  if (recorded.out === answer.out && recorded.err === answer.err && recorded.code === answer.code) return 'equal'
  if (recorded.code !== answer.code) return 'differs'
  if (shape(recorded.err) !== shape(answer.err, host)) return 'differs'
  if (shape(recorded.out) === shape(answer.out, host)) return 'values'
  if (!lists.test(recorded.input)) return 'differs'
  const real = forms(recorded.out)
  return [...forms(answer.out, host)].every((form) => real.has(form)) ? 'table' : 'differs'
}
