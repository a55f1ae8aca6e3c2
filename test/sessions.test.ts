// Whole sessions of real attackers, played over real SSH and Telnet to their end. They lie beside the project, not in it;
// where they are not, and in short runs, this is skipped.
import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { heard, testSensor, type TestSensor } from '../packages/sensor/src/testing.ts'
import { full } from './proof.ts'

interface Session {
  readonly protocol: 'ssh' | 'telnet'
  readonly inputs: readonly { readonly input: string }[]
  readonly downloads: readonly { readonly url: string | null }[]
}
const file = new URL('../../shared/data/derived/sessions.jsonl', import.meta.url)
const there = existsSync(file) && full
if (!there) console.log('skipped: sessions of real attackers (SKEP_PROOF=full, with the data beside the project)')

/** What a prompt ends in: the shell's, one for a password, or a line that goes on. */
const prompt = /(?:[#$>] |assword: )$/

async function overSsh(lab: TestSensor, localAddress: string, inputs: readonly string[]): Promise<boolean> {
  const pair = lab.sensor.persona.credentials.find(({ user }) => user === 'root')
  const client = new ssh2.Client()
  client.on('error', () => {})
  const ready = once(client, 'ready')
  client.connect({
    host: '127.0.0.1',
    port: lab.port('ssh'),
    localAddress,
    username: 'root',
    password: pair?.password ?? '',
  })
  await ready
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.shell({ term: 'xterm' }, (error, made) => (error === undefined ? resolve(made) : reject(error))),
  )
  const screen = { text: '', closed: false }
  channel.on('data', (part: Buffer) => (screen.text += part.toString('latin1')))
  channel.on('close', () => (screen.closed = true))
  const settle = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms / 20 && !screen.closed && !prompt.test(screen.text); i++)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await settle(5000)
  for (const input of inputs) {
    if (screen.closed) break
    screen.text = ''
    channel.write(`${input}\n`)
    await settle(8000)
    // What holds the terminal, such as top, is left as a person would leave it.
    if (!screen.closed && !prompt.test(screen.text)) {
      channel.write('\u0003')
      await settle(8000)
    }
  }
  const alive = screen.closed || prompt.test(screen.text)
  client.end()
  return alive
}

async function overTelnet(lab: TestSensor, localAddress: string, inputs: readonly string[]): Promise<boolean> {
  const pair = lab.sensor.persona.credentials.find(({ user }) => user === 'root')
  const socket = createConnection({ host: '127.0.0.1', port: lab.port('telnet'), localAddress })
  socket.on('error', () => {})
  await once(socket, 'connect')
  await heard(socket, /login: $/)
  socket.write('root\r\n')
  await heard(socket, /Password: $/)
  socket.write(`${pair?.password}\r\n`)
  await heard(socket, prompt)
  let last = ''
  for (const input of inputs) {
    if (socket.destroyed) break
    socket.write(`${input}\r\n`)
    last = await heard(socket, prompt, 8000)
    if (socket.destroyed || prompt.test(last)) continue
    socket.write('\u0003')
    last = await heard(socket, prompt, 8000)
  }
  const alive = socket.destroyed || prompt.test(last)
  socket.destroy()
  return alive
}

test.runIf(there)(
  'sessions of real attackers go to their end, and what they want to fetch is told',
  async () => {
    const sessions = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Session)
    await using lab = await testSensor()
    const stuck: string[] = []
    let next = 0
    await Promise.all(
      [1, 2, 3, 4, 5].map(async () => {
        for (let i = next++; i < sessions.length; i = next++) {
          // Each from an address of its own: a world is its attacker's, with the passwords that it has changed.
          const { protocol, inputs } = sessions[i]!
          const lines = inputs.map(({ input }) => input)
          const alive = await (protocol === 'ssh' ? overSsh : overTelnet)(lab, `127.0.1.${1 + i}`, lines).catch(
            () => false,
          )
          if (!alive) stuck.push(`${protocol}: ${lines.at(-1)?.slice(0, 100)}`)
        }
      }),
    )
    const seen = new Set(
      (await lab.events()).flatMap((event) => (event.kind === 'payload.seen' ? [event.data.url] : [])),
    )
    const wanted = new Set(
      sessions.flatMap(({ inputs, downloads }) => {
        const text = inputs.map(({ input }) => input).join('\n')
        return downloads.flatMap(({ url }) =>
          url !== null &&
          /^(https?|ftp|tftp):\/\//.test(url) &&
          text.includes(url.replace(/^\w+:\/\//, '').split('/')[0] ?? '')
            ? [url]
            : [],
        )
      }),
    )
    const lost = [...wanted].filter((url) => !seen.has(url))
    console.log(
      `${sessions.length} sessions, ${sessions.reduce((sum, { inputs }) => sum + inputs.length, 0)} lines: ${stuck.length} did not come to a prompt; ${wanted.size - lost.length} of ${wanted.size} URLs of droppers were told, ${seen.size} in all`,
    )
    for (const one of stuck) console.log(`  ${one}`)
    for (const one of lost) console.log(`  not told: ${one}`)
    expect(stuck.length / sessions.length).toBeLessThan(0.05)
    expect(lost).toEqual([])
    expect(lab.log).toEqual([])
  },
  900_000,
)
