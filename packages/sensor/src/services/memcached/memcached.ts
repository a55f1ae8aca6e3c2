import { Malformed } from '../../runtime/reader.ts'
import { service, type Session } from '../../runtime/service.ts'
import { mediaOf } from '../../evidence/written.ts'

// The text protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt

const maxLine = 2048
const maxValue = 1024 * 1024
const maxKeys = 200

interface Item {
  readonly flags: string
  readonly bytes: Buffer
}

/** A cache that anyone may read and fill: attackers take what is there, or plant large values to amplify floods with. */
export const memcached = service({
  name: 'memcached',
  port: 11_211,
  tryPort: 11_212,
  recognises: (head) => /^(?:stats|version|gets? |set )/.test(head.subarray(0, 16).toString('latin1')),

  async converse(session) {
    const { input, send, record, extract, keep } = session
    const items = new Map<string, Item>()
    while ((await input.peek()) !== undefined) {
      const line = (await input.line(maxLine)).toString('utf8')
      const [verb = '', ...args] = line.split(' ').filter((word) => word !== '')
      const id = record('query', { verb: verb.toLowerCase(), statement: line })
      extract(line, id)
      if (verb === 'quit') return
      if (/^(?:set|add|replace|append|prepend|cas)$/.test(verb)) {
        const size = Number(args[3])
        if (args.length < 4 || !Number.isSafeInteger(size) || size < 0) {
          await send('ERROR\r\n')
          continue
        }
        if (size > maxValue) throw new Malformed('object too large for cache')
        const bytes = await input.bytes(size)
        if ((await input.bytes(2)).toString('latin1') !== '\r\n') {
          await send('CLIENT_ERROR bad data chunk\r\n')
          continue
        }
        keep(bytes, { name: args[0] ?? '', media: mediaOf(bytes), parent: id })
        extract(bytes.toString('latin1'), id)
        if (items.size < maxKeys) items.set((args[0] ?? '').slice(0, 250), { flags: args[1] ?? '0', bytes })
        if (args.at(-1) !== 'noreply') await send('STORED\r\n')
      } else await send(answer(verb, args, items, session))
    }
  },
})

function answer(
  verb: string,
  args: readonly string[],
  items: Map<string, Item>,
  { persona }: Session,
): Buffer | string {
  switch (verb) {
    case 'get':
    case 'gets': {
      if (args.length === 0) return 'ERROR\r\n'
      const found = args.flatMap((key) => {
        const item = items.get(key)
        if (item === undefined) return []
        return [Buffer.from(`VALUE ${key} ${item.flags} ${item.bytes.length}\r\n`), item.bytes, Buffer.from('\r\n')]
      })
      return Buffer.concat([...found, Buffer.from('END\r\n')])
    }
    case 'delete':
      return items.delete(args[0] ?? '') ? 'DELETED\r\n' : 'NOT_FOUND\r\n'
    case 'flush_all':
      items.clear()
      return 'OK\r\n'
    case 'version':
      return `VERSION ${persona.memcached.version}\r\n`
    case 'verbosity':
      return 'OK\r\n'
    case 'stats': {
      if (args[0] !== undefined) return args[0] === 'reset' ? 'RESET\r\n' : 'END\r\n'
      const uptime = Math.floor((Date.now() - persona.machine.booted) / 1000) - 41
      const used = [...items.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
      const stats = {
        pid: 471,
        uptime,
        time: Math.floor(Date.now() / 1000),
        version: persona.memcached.version,
        libevent: '2.1.12-stable',
        pointer_size: 64,
        max_connections: 1024,
        curr_connections: 2,
        curr_items: items.size,
        total_items: items.size,
        bytes: used,
        limit_maxbytes: 67_108_864,
        threads: 4,
      }
      return `${Object.entries(stats)
        .map(([name, value]) => `STAT ${name} ${value}\r\n`)
        .join('')}END\r\n`
    }
    default:
      return 'ERROR\r\n'
  }
}
