import type { Data, Kind } from '@skep/vocabulary'
import type { Outbox } from '../evidence/outbox.ts'
import type { Persona } from '../personas/persona.ts'
import type { Proof, World } from '../world/world.ts'
import type { Reader } from './reader.ts'

/** An address and port. */
export interface Endpoint {
  readonly ip: string
  readonly port: number
}

/** One conversation with one stranger, as a protocol sees it. */
export interface Session {
  readonly id: string
  readonly input: Reader
  /** Aborted when the conversation is over, with the reason. */
  readonly signal: AbortSignal
  readonly source: Endpoint
  readonly target: { readonly port: number }
  /** Resolves when the bytes are accepted, so that a slow peer slows us and not the heap. */
  readonly send: (bytes: string | Uint8Array) => Promise<void>
  /** Records an event. @returns its id, for events that follow from it */
  readonly record: <K extends Kind>(kind: K, data: Data<K>) => string
  /** Keeps bytes of the attacker and records that. */
  readonly keep: (bytes: Uint8Array, about: { name?: string; media?: string; parent?: string }) => string | undefined
  /** Looks for URLs in text, after decoding, and records them. @returns them */
  readonly extract: (text: string, parent?: string) => readonly string[]
  readonly persona: Persona
  /** The machine behind the door, as this attacker has left it. */
  readonly world: World
  /** The world that somebody comes into who has this; undefined where nobody is let in. */
  readonly worldFor: (proof: Proof) => World | undefined
  /** From now on the conversation is about this world. */
  readonly enter: (world: World) => void
  readonly outbox: Outbox
  /** Tells the sensor's log what went wrong on our side, in something that nobody waits for. */
  readonly fault: (error: unknown) => void
  /** Hands the rest of the conversation to another service, for ports where anything may be spoken. */
  readonly become: (service: string) => Promise<void>
}

/** One datagram from one stranger. */
export interface Datagram {
  readonly bytes: Buffer
  readonly source: Endpoint
  readonly target: { readonly port: number }
  readonly record: Session['record']
  readonly extract: Session['extract']
  readonly persona: Persona
}

/** A protocol. It never sees a socket, and takes all it says of itself from the persona. */
export interface Service {
  readonly name: string
  /** The port that it has on a real device; 0 for what speaks on every other port. */
  readonly port: number
  /** The port for trying it out without root, when nothing is configured. */
  readonly tryPort: number
  /** Holds a conversation over TCP. Returning ends it; errors of the peer end it with their reason. */
  readonly converse?: (session: Session) => Promise<void>
  /** Answers a datagram; the runtime cuts answers that are longer than the question. */
  readonly answer?: (datagram: Datagram) => Buffer | undefined
  /** Whether the first bytes of a conversation on any port look like this protocol. */
  readonly recognises?: (head: Buffer) => boolean
}

/** Defines a service. */
export const service = (definition: Service): Service => definition
