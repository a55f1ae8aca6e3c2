import type { Command } from 'commander'
import { exit, UserError } from './context.ts'

export const data = ['--data <folder>', 'data folder (default: $SKEP_DATA, or ./skep-data)'] as const
export const json = ['--json', 'answer in JSON'] as const
export const logForm = ['--log <form>', 'diagnostics as text or json (default: text)'] as const
const collect = (value: string, all: string[] = []): string[] => [...all, value]

/** The commands of a sensor: all that its own installation has. */
export function sensorCommands(program: Command): void {
  const sensor = program.command('sensor').description('sensors')
  sensor
    .command('run')
    .description('run a sensor alone')
    .option(...data)
    .option('--config <file>', 'configuration file (default: sensor.json in the data folder)')
    .option('--ports-from <n>', 'services listen at n+22, n+23 …')
    .option('--address <address>', 'address to listen on; may be repeated', collect)
    .option('--persona <name>', 'the device that it plays: debian-12, centos-7, openwrt, camera …')
    .option(...logForm)
    .option(...json)
    .action(async (options) => (await import('./commands/sensor.ts')).runSensor(options))
  sensor
    .command('join')
    .argument('<hub>', 'the gateway of the hub: host or host:port')
    .argument('<token>', 'what the operator gave')
    .description('join a honeynet: make a key, have it certified, try the whole way')
    .option('--name <name>', 'what the sensor is called at the hub (default: drawn from its seed)')
    .option('--hub <host:port>', 'a further address of the hub; may be repeated', collect)
    .option('--ports-from <n>', 'services listen at n+22, n+23 … (default: at their real ports)')
    .option(...data)
    .option(...json)
    .action(async (address: string, token: string, options) =>
      (await import('./commands/sensor.ts')).join_(address, token, options),
    )
  sensor
    .command('install')
    .description('have systemd run the sensor, caged; shows first what it would do')
    .option('--yes', 'do it')
    .option('--user <name>', 'the user that it runs as', 'skep')
    .option('--move-sshd <port>', 'move this machine’s own SSH server to another port')
    .option('--root <folder>', 'write below another root, for images', '/')
    .option(...data)
    .option(...json)
    .action(async (options) => (await import('./commands/install.ts')).install(options))
  sensor
    .command('credentials')
    .description('list the weak pairs that this sensor lets in')
    .option(...data)
    .option(...json)
    .action(async (options) => (await import('./commands/sensor.ts')).credentials(options))

  program
    .command('config')
    .description('configuration of a sensor')
    .command('check')
    .argument('<file>', 'configuration file')
    .description('check a configuration file')
    .option('--schema', 'print the JSON Schema instead')
    .option(...json)
    .action(async (file: string, options) => (await import('./commands/sensor.ts')).checkConfig(file, options))
}

/** Reads the command line and does it. Errors that a person can mend are told in a line. */
export async function runProgram(program: Command): Promise<void> {
  program.exitOverride((error) => {
    process.exit(error.exitCode === 0 ? exit.done : exit.usage)
  })
  try {
    await program.parseAsync()
  } catch (error) {
    if (error instanceof UserError) {
      console.error(error.message)
      process.exit(error.code)
    }
    console.error(error)
    process.exit(exit.failed)
  }
}
