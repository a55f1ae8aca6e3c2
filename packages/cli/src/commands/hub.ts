import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { execFileSync } from 'node:child_process'
import { dataFolder, exit, UserError } from '../context.ts'
import { askHub, findRunning, relationalFile, withHub } from '../hub-context.ts'

interface Common {
  readonly data?: string
  readonly json?: boolean
}

/** Makes an API token. */
export async function createToken(
  options: Common & { role: string; label: string; days?: string; may?: string[] },
): Promise<void> {
  const { Relational, capabilityNames } = await import('@skep/hub')
  const strange = options.may?.find((one) => !(capabilityNames as readonly string[]).includes(one))
  if (strange !== undefined)
    throw new UserError(`--may ${strange} is none of: ${capabilityNames.join(', ')}`, exit.usage)
  if (options.role !== 'operator' && options.role !== 'viewer')
    throw new UserError(`There is no role ${options.role}: operator or viewer`, exit.usage)
  const data = dataFolder(options.data)
  const relational = await Relational.open((await findRunning(data))?.relational ?? relationalFile(data))
  const token = await relational.tokens.create(options.role, options.label, {
    ...(options.days !== undefined && { ttl: Number(options.days) * 86_400 }),
    ...(options.may !== undefined && { scopes: options.may as (typeof capabilityNames)[number][] }),
  })
  await relational.close()
  console.log(options.json === true ? JSON.stringify({ token, role: options.role }) : token)
}

/** Makes a sign-in link for the portal, good once. */
export async function createLink(options: Common): Promise<void> {
  const data = dataFolder(options.data)
  const running = await findRunning(data)
  if (running === undefined) throw new UserError(`No hub is running on ${data}`, exit.missing)
  const { Relational } = await import('@skep/hub')
  const relational = await Relational.open(running.relational)
  const link = `${running.url}/signin?token=${await relational.tokens.create('operator', 'sign-in link', { ttl: 3600, singleUse: true })}`
  await relational.close()
  console.log(options.json === true ? JSON.stringify({ link }) : link)
}

/** What an invitation is for. */
export interface InviteOptions extends Common {
  readonly org: string
  readonly group: string
  readonly ring: string
  readonly label?: string
  readonly hours: string
  readonly gateway?: string
}

/** Makes the line with which one sensor joins. */
export async function invite(options: InviteOptions): Promise<void> {
  // Only a running hub knows where its gateway is.
  if ((await findRunning(dataFolder(options.data))) === undefined)
    throw new UserError(`No hub is running on ${dataFolder(options.data)}`, exit.missing)
  const made = await withHub(
    dataFolder(options.data),
    () => {},
    (hub) =>
      askHub<{ token: string; command: string; expires: number }>(hub, 'POST', 'invites', {
        organisation: options.org,
        group: options.group,
        ring: Number(options.ring),
        label: options.label ?? '',
        hours: Number(options.hours),
        ...(options.gateway !== undefined && { gateway: options.gateway }),
      }),
  )
  if (options.json === true) return console.log(JSON.stringify(made))
  console.log(made.command)
  console.error(`Good once, until ${new Date(made.expires).toISOString()}, for ${options.org}.`)
}

/** Puts a release on the hub, so that sensors can be upgraded to it. */
export async function addRelease(file: string, options: Common): Promise<void> {
  if (!existsSync(file)) throw new UserError(`There is no file ${file}`, exit.missing)
  let version: string
  try {
    const text = execFileSync('tar', ['-xzOf', file, './package.json'], { encoding: 'utf8', stdio: 'pipe' })
    ;({ version } = JSON.parse(text) as { version: string })
  } catch (cause) {
    throw new UserError(`${file} is no release: "npm run package -- release" makes one`, exit.usage, { cause })
  }
  const made = await withHub(
    dataFolder(options.data),
    () => {},
    (hub) => askHub<object>(hub, 'PUT', `releases/${version}`, readFileSync(file)),
  )
  console.log(options.json === true ? JSON.stringify(made) : `Release ${version} is on the hub.`)
}

/** Rolls a release out, ring by ring. */
export async function rollOut(version: string, options: Common & { gateMinutes: string }): Promise<void> {
  await withHub(
    dataFolder(options.data),
    () => {},
    (hub) => askHub(hub, 'POST', 'rollouts', { version, gate_minutes: Number(options.gateMinutes) }),
  )
  console.log(
    options.json === true
      ? JSON.stringify({ version })
      : `Release ${version} goes to ring 0; Fleet shows how far it is.`,
  )
}

/** Fetches the public tables, and those about routes where they are asked for. */
export async function updateData(options: Common & { routing?: boolean }): Promise<void> {
  const { updateRouting, updateTables } = await import('@skep/hub')
  const data = dataFolder(options.data)
  const onTable = (url: string): void => {
    if (options.json !== true) console.error(`fetching ${url}`)
  }
  try {
    const { folder, results } = await updateTables(join(data, 'hub', 'tables'), { onTable })
    if (options.routing === true) results.push(...(await updateRouting(join(data, 'hub', 'routing'), { onTable })))
    if (options.json === true) console.log(JSON.stringify({ folder, results }))
    else {
      for (const { file, bytes, error } of results)
        console.log(error === undefined ? `${file}\t${bytes} bytes` : `${file}\tnot fetched: ${error}`)
      console.log(`The tables are in ${folder}. A running hub takes them within a minute.`)
    }
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), exit.failed, { cause: error })
  }
}

/** Writes a copy of a hub's and sensor's data to one file. */
export async function backup(file: string, options: Common): Promise<void> {
  const data = dataFolder(options.data)
  if (!existsSync(data)) throw new UserError(`There is no data in ${data}`, exit.missing)
  if ((await findRunning(data)) !== undefined)
    throw new UserError('Stop the hub first: a copy of moving files would not be whole.')
  const target = resolve(file)
  mkdirSync(dirname(target), { recursive: true })
  execFileSync('tar', ['-czf', `${target}.part`, '-C', dirname(data), basename(data)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  renameSync(`${target}.part`, target)
  console.log(options.json === true ? JSON.stringify({ file: target }) : `${data} is copied to ${target}`)
}

/** Brings a copy back into an empty data folder. */
export async function restore(file: string, options: Common): Promise<void> {
  const data = dataFolder(options.data)
  if (!existsSync(file)) throw new UserError(`There is no file ${file}`, exit.missing)
  if (existsSync(data) && readdirSync(data).length > 0) throw new UserError(`${data} is not empty. Move it away first.`)
  const draft = mkdtempSync(join(tmpdir(), 'skep-restore-'))
  try {
    execFileSync('tar', ['-xzf', resolve(file), '-C', draft], { stdio: ['ignore', 'ignore', 'inherit'] })
    const [inner] = readdirSync(draft)
    if (inner === undefined || !existsSync(join(draft, inner, 'hub')))
      throw new UserError(`${file} is no backup of Skep`)
    mkdirSync(dirname(data), { recursive: true })
    cpSync(join(draft, inner), data, { recursive: true, preserveTimestamps: true })
    console.log(options.json === true ? JSON.stringify({ data }) : `${file} is brought back to ${data}`)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
