// The command of a sensor's own installation: no hub, no store, no portal in it.
import { Command } from 'commander'
import { exit, UserError, version } from './context.ts'
import { sensorCommands } from './sensor-commands.ts'

const program = new Command('skep')
  .description('Skep: a sensor of a community honeynet.')
  .version(version)
  .showHelpAfterError('(add --help for the ways to call this)')
sensorCommands(program)
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
