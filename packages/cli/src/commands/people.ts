import { dataFolder, exit, UserError } from '../context.ts'
import { askHub, findRunning, withHub } from '../hub-context.ts'

interface Common {
  readonly data?: string
  readonly json?: boolean
}

/** Asks the hub that runs: only it knows how people reach its portal. */
function running<T>(options: Common, work: (hub: { url: string; token: string }) => Promise<T>): Promise<T> {
  const data = dataFolder(options.data)
  return findRunning(data).then((hub) => {
    if (hub === undefined) throw new UserError(`No hub is running on ${data}`, exit.missing)
    return withHub(data, () => {}, work)
  })
}

/** Makes an account, and perhaps a membership, and prints the link with which its owner chooses a password. */
export async function addUser(
  email: string,
  options: Common & { operator?: boolean; org?: string; role: string },
): Promise<void> {
  const link = await running(options, async (hub) => {
    const made = await askHub<{ link: string }>(hub, 'POST', 'users', { email, operator: options.operator === true })
    if (options.org !== undefined) {
      const { rows } = await askHub<{ rows: { name: string }[] }>(hub, 'GET', 'organisations')
      if (!rows.some(({ name }) => name === options.org))
        await askHub(hub, 'PUT', `organisations/${options.org}`, { title: options.org })
      await askHub(hub, 'POST', `members?organisation=${options.org}`, { email, role: options.role })
    }
    return made.link
  })
  console.log(options.json === true ? JSON.stringify({ email, link }) : link)
  if (options.json !== true) console.error(`Give it to ${email}: good once, for a week.`)
}

/** Prints a new link for somebody who lost the way in. */
export async function linkUser(email: string, options: Common): Promise<void> {
  const link = await running(options, async (hub) => {
    const { rows } = await askHub<{ rows: { email: string }[] }>(hub, 'GET', 'users')
    if (!rows.some((one) => one.email === email.toLowerCase()))
      throw new UserError(`There is no account of ${email}`, exit.missing)
    return (await askHub<{ link: string }>(hub, 'POST', 'users', { email })).link
  })
  console.log(options.json === true ? JSON.stringify({ email, link }) : link)
}

/** Lists the accounts. */
export async function listUsers(options: Common): Promise<void> {
  const { rows } = await running(options, (hub) =>
    askHub<{ rows: { email: string; operator: number; disabled: number | null; second: number }[] }>(
      hub,
      'GET',
      'users',
    ),
  )
  if (options.json === true) return console.log(JSON.stringify(rows))
  for (const { email, operator, disabled, second } of rows)
    console.log(
      [
        email,
        operator === 1 ? 'operator' : 'member',
        disabled === null ? 'open' : 'shut',
        `${second} second factors`,
      ].join('\t'),
    )
}
