import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeKind, envelope, fieldsOf, kindNames } from '@skep/vocabulary'
import { parseConfig } from '@skep/sensor'
import { skep } from './process.ts'

const root = new URL('../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** docs/events.md, from the schema. */
function reference(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const lines = [
    '# Event reference',
    '',
    'Made from `packages/vocabulary/src/kinds.ts`; do not edit. To make it anew: `SKEP_WRITE_DOCS=1 npx vitest run test/docs.test.ts`.',
    '',
    '## Envelope',
    '',
    'Every event has these, and `kind` and `data`. The hub adds `received`, `provenance` (live, or the form of an import) and',
    '`origin`: `prefix`, `asn`, `asns`, `as_name`, `economy`, `registry` and the `snapshot` of the tables that were used.',
    '',
    '| field | meaning |',
    '|---|---|',
    ...Object.entries(envelope).map(
      ([name, schema]) =>
        `| \`${name}\` | ${cell(String((schema as unknown as { meta: () => { description?: string } }).meta()?.description ?? ''))} |`,
    ),
    '',
  ]
  for (const kind of kindNames) {
    lines.push(`## ${kind}`, '', describeKind(kind), '')
    const fields = fieldsOf(kind)
    if (fields.some(({ optional }) => optional) || fields.length > 0) {
      lines.push('| field | kept as | meaning |', '|---|---|---|')
      for (const { name, optional, column, description } of fields)
        lines.push(`| \`${name}\`${optional ? '?' : ''} | ${column} | ${cell(description)} |`)
      lines.push('')
    }
  }
  return `${lines.join('\n').trimEnd()}\n`
}

test('the event reference is what the schema says', () => {
  if (process.env['SKEP_WRITE_DOCS'] === '1') writeFileSync(new URL('docs/events.md', root), reference())
  expect(read('docs/events.md')).toBe(reference())
})

/** The lines of all blocks of shell commands. */
const commands = documents.flatMap((file) =>
  [...read(file).matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ file, line })),
  ),
)

test('every command in the documents exists, with the options that are shown', () => {
  expect(commands.length).toBeGreaterThan(15)
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const { file, line } of commands) {
    for (const part of line.split('&&').map((one) => one.trim())) {
      // What stands in quotes is one word.
      const all = [...part.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word)
      // An installed command is the same as `npm run skep --`.
      const [npm = '', verb = '', ...rest] = all[0] === 'skep' ? ['npm', 'run', 'skep', '--', ...all.slice(1)] : all
      if (npm !== 'npm') throw new Error(`${file}: a command of another kind: ${line}`)
      if (verb === 'ci' || verb === 'test') continue
      const name = verb === 'start' ? 'start' : rest.shift()
      expect(scripts[name ?? ''], `${file}: ${line}`).toBeDefined()
      const args = verb === 'start' ? ['start', ...rest.slice(1)] : name === 'skep' ? rest.slice(1) : []
      if (args.length === 0) continue
      const words = args.slice(
        0,
        ['sensor', 'token', 'user', 'config', 'data', 'hub', 'taxii', 'fetcher'].includes(args[0] ?? '') ? 2 : 1,
      )
      const help = execFileSync(process.execPath, [skep, ...words, '--help'], { encoding: 'utf8' })
      for (const option of args.filter((arg) => arg.startsWith('--')))
        expect(help, `${file}: ${line}`).toContain(option)
    }
  }
}, 60_000)

test('the configuration in the documents is valid', () => {
  const [, json = ''] = /```json\n(.*?)```/s.exec(read('docs/sensor-host.md')) ?? []
  expect(parseConfig(json).name).toBe('straw-7')
})

test('no document leads nowhere', () => {
  for (const file of documents) {
    for (const [, target = ''] of read(file).matchAll(/\]\(((?!https?:)[^)#]+)/g)) {
      expect(existsSync(new URL(target, new URL(file, root))), `${file}: ${target}`).toBe(true)
    }
  }
})

test('nothing names a package registry or a path of a machine', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => /\.(ts|tsx|mjs|json|md|css|html)$/.test(file) && file !== 'package-lock.json')
  const forbidden = /registry[.]npmjs|pypi[.]org|\/wo[r]k\/main/
  for (const file of files) {
    const text = readFileSync(new URL(file, root), 'utf8')
    expect(forbidden.exec(text)?.[0], file).toBeUndefined()
  }
  expect(read('package-lock.json')).not.toMatch(/"resolved": "http/)
})
