import { existsSync, readFileSync } from 'node:fs'
import { dataFolder, exit, UserError } from '../context.ts'
import { findRunning, relationalFile } from '../hub-context.ts'

/** Fills API roots of the TAXII server from a file, with a login for them. */
export async function seedTaxii(
  file: string,
  options: { data?: string; json?: boolean; user: string; password?: string },
): Promise<void> {
  if (!existsSync(file)) throw new UserError(`There is no file ${file}`, exit.missing)
  if (options.password === undefined) throw new UserError('Give a password for the login: --password', exit.usage)
  let read: unknown
  try {
    read = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new UserError(`${file} is not JSON`, exit.usage, { cause })
  }
  const { Relational } = await import('@skep/hub')
  const { seed, openTaxii } = await import('@skep/share')
  const data = dataFolder(options.data)
  const relational = await Relational.open((await findRunning(data))?.relational ?? relationalFile(data))
  try {
    const taxii = await openTaxii(relational)
    const made = await seed({ taxii, relational }, read as Record<string, unknown>, {
      name: options.user,
      password: options.password,
    })
    console.log(
      options.json === true
        ? JSON.stringify(made)
        : `${made.roots} API roots, ${made.collections} collections, ${made.objects} objects; log in as ${options.user}`,
    )
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(error.message, exit.usage, { cause: error })
    throw error
  } finally {
    await relational.close()
  }
}
