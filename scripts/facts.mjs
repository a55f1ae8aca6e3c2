// What was recorded of real systems, packed: a program that is built carries it beside itself, as the facts are read only
// where they are needed.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'

const from = fileURLToPath(new URL('../packages/sensor/src/personas/facts/', import.meta.url))

/** Writes each recorded system into the folder "facts" of a built program. */
export function packFacts(folder) {
  const to = `${folder}/facts`
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from).filter((one) => one.endsWith('.json'))) {
    const text = JSON.stringify(JSON.parse(readFileSync(from + name, 'utf8')))
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 22 }
    writeFileSync(`${to}/${name}.br`, brotliCompressSync(text, { params }))
  }
}
