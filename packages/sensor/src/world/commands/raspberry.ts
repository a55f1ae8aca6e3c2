import { complain, say, type Command } from './command.ts'

// What a Raspberry Pi tells of itself.

const vcgencmd: Command = ([asked = '', what = ''], { machine, fs }) => {
  const text = (path: string): string => Buffer.from(fs.content(path)).toString('utf8').trim()
  if (asked === 'measure_temp')
    return say(`temp=${(Number(text('/sys/class/thermal/thermal_zone0/temp')) / 1000).toFixed(1)}'C\n`)
  if (asked === 'get_throttled') return say('throttled=0x0\n')
  if (asked === 'get_mem') return say(what === 'gpu' ? 'gpu=76M\n' : 'arm=948M\n')
  if (asked === 'measure_volts') return say('volt=0.8700V\n')
  if (asked === 'measure_clock') return say(`frequency(48)=${what === 'arm' ? '600169920' : '500000992'}\n`)
  if (asked === 'version')
    return say(
      'Oct 16 2024 16:10:41 \nCopyright (c) 2012 Broadcom\nversion 2ae30f53898ae2f1ba77ff570a92991bedfb0398 (clean) (release) (start)\n',
    )
  if (asked === 'get_config')
    return say(`arm_64bit=1\ntotal_mem=${Math.round(machine.memory.total / 1024 / 970) * 1024}\n`)
  if (asked === '')
    return say(
      'Usage: vcgencmd [-t] command\nSend a command to the VideoCore and print the result.\n\n  -t          Time how long the command takes to complete\n  -h, --help  Show this information\n\nUse the command "vcgencmd commands" to get a list of available commands\n',
    )
  return { out: 'error=1 error_msg="Command not registered"\n', code: 255 }
}

export const raspberry: Readonly<Record<string, Command>> = {
  vcgencmd,
  'raspi-config': (args, { user, tty }) =>
    user.uid !== 0
      ? { out: "Script must be run as root. Try 'sudo raspi-config'\n", code: 1 }
      : tty || args[0] === 'nonint'
        ? {}
        : complain('TERM environment variable not set.\n'),
}
