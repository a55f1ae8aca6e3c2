// The command of a sensor's own installation: no hub, no store, no portal in it.
import { Command } from 'commander'
import { version } from './context.ts'
import { runProgram, sensorCommands } from './sensor-commands.ts'

const program = new Command('skep')
  .description('Skep: a sensor of a community honeynet.')
  .version(version)
  .showHelpAfterError('(add --help for the ways to call this)')
sensorCommands(program)
await runProgram(program)
