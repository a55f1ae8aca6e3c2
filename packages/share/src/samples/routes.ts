import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js'
import { json, keptFor, record, type Env } from '@skep/hub'
import type { Share } from '../sharing.ts'
import { factsOf } from './facts.ts'
import type { Scans } from './scan.ts'
import type { Yara } from './yara.ts'

configure({ useWebWorkers: false })

const params = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) })
/** The password that the whole trade puts on malware, so that nothing opens it by accident. */
const password = 'infected'

/** A file in a zip that no mail server, indexer or careless click looks into. */
export async function zipped(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  const zip = new ZipWriter(new Uint8ArrayWriter())
  // The old cipher: it hides, it does not protect, and every tool of the trade reads it.
  await zip.add(name, new Uint8ArrayReader(bytes), { password, zipCrypto: true })
  return zip.close()
}

/** Files that attackers left: what they are, for all who may see them; the bytes, for those whose work it is. */
export function sampleRoutes(app: OpenAPIHono<Env>, { context }: Share, scans: Scans, yara: Yara): void {
  const rule = z.object({
    rule: z.string(),
    file: z.string(),
    tags: z.array(z.string()).readonly(),
    description: z.string(),
    attack: z.string(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/yara',
      summary: 'The YARA rules in use: what is wrong with their files, and how often each was met',
      responses: json(
        z.object({
          files: z.number(),
          problems: z.array(z.object({ file: z.string(), problem: z.string() })).readonly(),
          met: z.array(
            z.object({ rule: z.string(), file: z.string(), description: z.string(), artifacts: z.number() }),
          ),
        }),
        'The rules',
      ),
    }),
    async (c) => {
      await yara.rules()
      const { files, problems } = yara.state
      return c.json({ files, problems: [...problems], met: await scans.counts() })
    },
  )
  const missing = { 404: { description: 'The bytes are not on this hub, or not within reach' } }
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/artifacts/{sha256}/facts',
      summary: 'What can be told of an artifact: size, type, hashes, TLSH, entropy, the YARA rules that it meets',
      request: { params },
      responses: {
        ...json(
          z.object({
            size: z.number(),
            type: z.string(),
            md5: z.string(),
            sha1: z.string(),
            sha256: z.string(),
            tlsh: z.string().optional(),
            entropy: z.number(),
            yara: z.array(rule),
            yara_problem: z.string(),
          }),
          'The facts',
        ),
        ...missing,
      },
    }),
    async (c) => {
      const { sha256 } = c.req.valid('param')
      const within = await keptFor(context, c.get('caller').reach, sha256)
      // What they are is told of the file as it is, also where its text is not shown whole.
      const bytes = within && (await context.blobs.get(sha256))
      if (bytes === undefined) return c.json({ error: 'The bytes of this artifact are not on this hub' }, 404) as never
      const { matches, problem } = await scans.of(sha256, bytes)
      return c.json({ ...factsOf(bytes), yara: [...matches], yara_problem: problem })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/artifacts/{sha256}/sample',
      summary: 'The artifact in a zip with the password “infected”; each download is in the audit log',
      request: { params },
      responses: {
        200: { description: 'The zip', content: { 'application/zip': { schema: z.string() } } },
        403: { description: 'The file names a sensor of somebody else: ask an operator' },
        ...missing,
      },
    }),
    async (c) => {
      const { sha256 } = c.req.valid('param')
      const bytes = await keptFor(context, c.get('caller').reach, sha256)
      if (bytes === undefined) return c.json({ error: 'The bytes of this artifact are not on this hub' }, 404) as never
      const whole = await context.blobs.get(sha256)
      if (whole === undefined || !whole.equals(bytes))
        return c.json({ error: 'This file names a sensor of somebody else; ask an operator for it' }, 403) as never
      await record(context, c, 'sample downloaded', sha256, `${bytes.length} bytes`)
      c.header('content-type', 'application/zip')
      c.header('content-disposition', `attachment; filename="${sha256}.zip"`)
      return c.body(new Uint8Array(await zipped(sha256, bytes))) as never
    },
  )
}
