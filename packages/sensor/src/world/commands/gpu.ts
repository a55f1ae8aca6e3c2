import { card, cardId } from '../../personas/kinds/gpu.ts'
import { complain, say, type Command, type Io } from './command.ts'

// NVIDIA's tools, where a machine has its card (nvidia-smi of driver 535).

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const pad = (value: number | string, width: number): string => String(value).padStart(width)

/** What it does at the moment: nearly nothing. */
const stateOf = () => {
  const tick = Math.floor(Date.now() / 20_000)
  return { celsius: 27 + (tick % 4), watts: 9 + (tick % 3), used: 2 }
}

function screen(): string {
  const { celsius, watts, used } = stateOf()
  const now = new Date()
  const at = `${days[now.getUTCDay()]} ${months[now.getUTCMonth()]} ${pad(now.getUTCDate(), 2)} ${now.toISOString().slice(11, 19)} ${now.getUTCFullYear()}`
  const rule = (left: string, at: readonly number[]): string =>
    `${left}${at.map((width) => '-'.repeat(width)).join('+')}+\n`
  const wide = (text: string): string => `|${text.padEnd(87)}|\n`
  const cells = (a: string, b: string, c: string): string => `|${a.padEnd(41)}|${b.padEnd(22)}|${c.padEnd(22)}|\n`
  return (
    `${at}       \n${rule('+', [87])}` +
    wide(` NVIDIA-SMI ${card.driver.padEnd(23)}Driver Version: ${card.driver.padEnd(13)}CUDA Version: ${card.cuda}`) +
    rule('|', [41, 22, 22]) +
    cells(' GPU  Name                 Persistence-M', ' Bus-Id        Disp.A', ' Volatile Uncorr. ECC') +
    cells(' Fan  Temp   Perf          Pwr:Usage/Cap', '         Memory-Usage', ' GPU-Util  Compute M.') +
    cells('', '', '               MIG M. ') +
    `|${'='.repeat(41)}+${'='.repeat(22)}+${'='.repeat(22)}|\n` +
    cells(`   0  ${card.name.padEnd(23)}        Off`, ` ${card.bus} Off`, '                    0') +
    cells(
      ` N/A   ${celsius}C    P8              ${pad(watts, 2)}W /  70W`,
      ` ${pad(used, 6)}MiB / ${card.memory}MiB`,
      '      0%      Default',
    ) +
    cells('', '', '                  N/A') +
    `${rule('+', [41, 22, 22])}${' '.repeat(89)} \n${rule('+', [87])}` +
    wide(' Processes:') +
    wide('  GPU   GI   CI        PID   Type   Process name                            GPU Memory') +
    wide('        ID   ID                                                             Usage') +
    `|${'='.repeat(87)}|\n${wide('  No running processes found')}${rule('+', [87])}`
  )
}

/** What may be asked for one by one: value and unit. */
const fields = ({ machine }: Io): Readonly<Record<string, readonly [string, string?]>> => {
  const { celsius, watts, used } = stateOf()
  return {
    name: [card.name],
    gpu_name: [card.name],
    index: ['0'],
    count: ['1'],
    uuid: [cardId(machine.machineId)],
    gpu_uuid: [cardId(machine.machineId)],
    driver_version: [card.driver],
    vbios_version: [card.bios],
    'pci.bus_id': [card.bus],
    pstate: ['P8'],
    'temperature.gpu': [String(celsius)],
    'utilization.gpu': ['0', ' %'],
    'utilization.memory': ['0', ' %'],
    'memory.total': [String(card.memory), ' MiB'],
    'memory.used': [String(used), ' MiB'],
    'memory.free': [String(card.memory - 429 - used), ' MiB'],
    'power.draw': [`${watts}.12`, ' W'],
    'power.limit': ['70.00', ' W'],
    compute_cap: ['7.5'],
    compute_mode: ['Default'],
    serial: [`13229210${machine.machineId.slice(0, 5).replace(/\D/g, '4')}`],
  }
}

function query(asked: string, format: string, io: Io): string | undefined {
  const known = fields(io)
  const names = asked.split(',').slice(0, 40)
  if (names.some((name) => known[name] === undefined)) return undefined
  const bare = format.includes('nounits')
  const head = names.map(
    (name) => `${name}${bare ? '' : known[name]?.[1] === undefined ? '' : ` [${(known[name]?.[1] ?? '').trim()}]`}`,
  )
  const row = names.map((name) => `${known[name]?.[0] ?? ''}${bare ? '' : (known[name]?.[1] ?? '')}`)
  return `${format.includes('noheader') ? '' : `${head.join(', ')}\n`}${row.join(', ')}\n`
}

const smi: Command = (args, io) => {
  const [first = ''] = args
  if (first === '' || first === '-l') return say(screen())
  if (first === '-L' || first === '--list-gpus')
    return say(`GPU 0: ${card.name} (UUID: ${cardId(io.machine.machineId)})\n`)
  const asked = args.map((arg) => /^--query-gpu=(.*)$/.exec(arg)?.[1]).find((one) => one !== undefined)
  if (asked !== undefined) {
    const format = args.map((arg) => /^--format=(.*)$/.exec(arg)?.[1]).find((one) => one !== undefined)
    if (format === undefined)
      return { out: '"--format=" switch is missing. Please run \'nvidia-smi -h\' for help.\n', code: 2 }
    const out = query(asked, format, io)
    return out === undefined
      ? {
          out: `Field "${asked.split(',').find((name) => fields(io)[name] === undefined) ?? ''}" is not a valid field to query.\n\n`,
          code: 2,
        }
      : say(out)
  }
  if (args.some((arg) => arg.startsWith('--query-compute-apps')))
    return say('pid, process_name, used_gpu_memory [MiB]\n')
  if (first === '-q')
    return say(
      `\n==============NVSMI LOG==============\n\nTimestamp                                 : ${new Date().toUTCString().slice(0, 25)}\nDriver Version                            : ${card.driver}\nCUDA Version                              : ${card.cuda}\n\nAttached GPUs                             : 1\nGPU ${card.bus}\n    Product Name                          : ${card.name}\n    Product Brand                         : NVIDIA\n    Product Architecture                  : Turing\n    GPU UUID                              : ${cardId(io.machine.machineId)}\n    VBIOS Version                         : ${card.bios}\n`,
    )
  // Settings are taken and change nothing that is shown.
  if (/^-(?:pm|pl|i|ac|rac|c|lgc)$/.test(first))
    return say(
      first === '-pm'
        ? `${args[1] === '1' ? 'Enabled' : 'Disabled'} persistence mode for GPU ${card.bus}.\nAll done.\n`
        : 'All done.\n',
    )
  return { out: `Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n`, code: 2 }
}

/** The CUDA compiler tells its release, and wants a file. */
const nvcc: Command = (args) =>
  args.includes('--version') || args.includes('-V')
    ? say(
        `nvcc: NVIDIA (R) Cuda compiler driver\nCopyright (c) 2005-2023 NVIDIA Corporation\nBuilt on Tue_Aug_15_22:02:13_PDT_2023\nCuda compilation tools, release ${card.cuda}, V${card.cuda}.140\nBuild cuda_${card.cuda}.r${card.cuda}/compiler.33191640_0\n`,
      )
    : complain('nvcc fatal   : No input files specified; use option --help for more information\n')

export const gpu: Readonly<Record<string, Command>> = { 'nvidia-smi': smi, nvcc }
