import { skepNamespace, uuidv5 } from '@skep/vocabulary'
import { cowrieSession } from './formats/cowrie-session.ts'
import { cowrie } from './formats/cowrie.ts'
import { dionaea, dionaeaConnection } from './formats/dionaea.ts'
import { eve } from './formats/eve.ts'
import { heralding } from './formats/heralding.ts'
import { mhn } from './formats/mhn.ts'
import { opencanary } from './formats/opencanary.ts'
import type { Format } from './reading.ts'

export { Skipped, type Format, type Imported, type Line } from './reading.ts'

/** Every foreign form that is read. A new one is a file and a line here. */
export const formats: readonly Format[] = [
  cowrie,
  mhn,
  dionaea,
  heralding,
  opencanary,
  eve,
  cowrieSession,
  dionaeaConnection,
]

/** The id of a conversation of a foreign log: the same at every import. */
export const sessionId = (boot: string, session: string, line: number): string =>
  uuidv5(skepNamespace, session === '' ? `${boot} line ${line}` : `${boot} session ${session}`)
