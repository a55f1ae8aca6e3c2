// A thread that looks for patterns in attackers' files: whatever a file does to the scanner ends here.
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { Compiler, initSync, type Rules } from '@virustotal/yara-x'

/** A file of rules. */
export interface RuleFile {
  readonly name: string
  readonly text: string
}
/** A rule that a file meets. */
export interface Match {
  readonly rule: string
  /** The file that the rule stands in, without its ending. */
  readonly file: string
  readonly tags: readonly string[]
  readonly description: string
  /** An ATT&CK technique, where the rule names one. */
  readonly attack: string
}
export type FromYara =
  | { readonly type: 'ready'; readonly problems: readonly { readonly file: string; readonly problem: string }[] }
  | { readonly type: 'done'; readonly id: number; readonly matches: readonly Match[] }
  | { readonly type: 'failed'; readonly id: number; readonly problem: string }
export interface ToYara {
  readonly id: number
  readonly bytes: Uint8Array
}
interface Found {
  readonly identifier: string
  readonly namespace: string
  readonly isPrivate: boolean
  readonly tags?: readonly string[]
  readonly metadata?: readonly unknown[]
}

const { wasm, files } = workerData as { wasm: string; files: readonly RuleFile[] }
initSync({ module: readFileSync(wasm) })

const problems: { file: string; problem: string }[] = []
const good: RuleFile[] = []
for (const file of files) {
  const alone = new Compiler()
  try {
    alone.addSource(file.text)
    alone.build().free()
    good.push(file)
  } catch (error) {
    problems.push({ file: file.name, problem: String(error).slice(0, 1000) })
  } finally {
    alone.free()
  }
}
const compiler = new Compiler()
for (const { name, text } of good) {
  compiler.newNamespace(name)
  compiler.addSource(text)
}
const rules: Rules = compiler.build()
compiler.free()
const scanner = rules.scanner()
scanner.setTimeoutMs(10_000)
scanner.setMaxMatchesPerPattern(10)

/** A value of a rule's meta section; it comes as a pair, or as an object with a name. */
function meta(of: Found, name: string): string {
  for (const one of of.metadata ?? []) {
    const [key, value] = Array.isArray(one)
      ? (one as unknown[])
      : [(one as { identifier?: unknown }).identifier, (one as { value?: unknown }).value]
    if (key === name) return String(value).slice(0, 300)
  }
  return ''
}

parentPort?.on('message', ({ id, bytes }: ToYara) => {
  try {
    const { matches } = scanner.scan(bytes) as { matches: readonly Found[] }
    parentPort?.postMessage({
      type: 'done',
      id,
      matches: matches
        .filter((one) => !one.isPrivate)
        .slice(0, 100)
        .map((one) => ({
          rule: one.identifier,
          file: one.namespace,
          tags: [...(one.tags ?? [])].slice(0, 20),
          description: meta(one, 'description'),
          attack: meta(one, 'attack'),
        })),
    } satisfies FromYara)
  } catch (error) {
    parentPort?.postMessage({ type: 'failed', id, problem: String(error).slice(0, 300) } satisfies FromYara)
  }
})
parentPort?.postMessage({ type: 'ready', problems } satisfies FromYara)
