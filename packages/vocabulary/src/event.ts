import { z } from 'zod'
import type { FieldMeta } from './fields.ts'
import { kinds, type Data, type Kind } from './kinds.ts'
import { isAddress } from './address.ts'

const address = z.string().refine(isAddress, 'expected an IPv4 or IPv6 address')
const port = z.number().int().min(0).max(65_535)
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'expected RFC 3339 in UTC with six decimals')
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a short lower-case name')

/** Who, where and when: bound once by the sensor's runtime; no data of an event can override it. */
export const envelope = {
  id: z.uuid().meta({ description: 'UUIDv7 made on the sensor' }),
  sensor: name.meta({ description: 'The sensor' }),
  boot: z.uuid().meta({ description: 'One start of the sensor' }),
  seq: z.number().int().min(0).meta({ description: 'Gapless number per sensor and boot, from 0' }),
  time: time.meta({ description: 'When it happened, by the clock of the sensor' }),
  mono: z
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Milliseconds since the run began, by a clock that nobody sets: mends `time` at the hub' }),
  session: z.uuid().optional().meta({ description: 'The conversation; absent for what the sensor says of itself' }),
  service: name.optional().meta({ description: 'The protocol spoken' }),
  transport: z.enum(['tcp', 'udp']).optional().meta({ description: 'Transport protocol' }),
  source: z.object({ ip: address, port }).optional().meta({ description: 'The attacker’s address and port' }),
  target: z.object({ port }).optional().meta({ description: 'The port on the sensor' }),
}

/** Who, where and when of an event. */
export type Envelope = z.infer<z.ZodObject<typeof envelope>>

/** One thing that happened: a closed union, told apart by `kind`. */
export type Event = { [K in Kind]: Envelope & { kind: K; data: Data<K> } }[Kind]
/** The events of one kind. */
export type EventOf<K extends Kind> = Extract<Event, { kind: K }>

export const kindNames = Object.keys(kinds) as Kind[]
const options = kindNames.map((kind) => z.strictObject({ ...envelope, kind: z.literal(kind), data: kinds[kind] }))

/** Checks and clamps a whole event, as the hub receives it. */
export const Event: z.ZodType<Event> = z.discriminatedUnion(
  'kind',
  options as unknown as [z.ZodObject],
) as unknown as z.ZodType<Event>

/**
 * Clamps the data of one event: the edge. Everything past it may trust lengths and well-formed Unicode.
 * @throws ZodError when a required field is missing (our own mistake, never a stranger's)
 */
export const clamp = <K extends Kind>(kind: K, data: Data<K>): Data<K> => kinds[kind].parse(data) as Data<K>

/** The JSON Schema (2020-12) of an event. */
export const jsonSchema = (): object =>
  z.toJSONSchema(z.discriminatedUnion('kind', options as unknown as [z.ZodObject]), {
    unrepresentable: 'any',
    io: 'input',
  })

/** A field of an event's data, as documents and stores need to know it. */
export interface Field extends FieldMeta {
  readonly name: string
  readonly optional: boolean
}

/** The fields of a kind, in order. */
export const fieldsOf = (kind: Kind): readonly Field[] => fields.get(kind) ?? []

const fields = new Map<Kind, readonly Field[]>(
  kindNames.map((kind) => [
    kind,
    Object.entries(kinds[kind].shape as Record<string, z.ZodType>).map(([name, schema]) => {
      const optional = schema instanceof z.ZodOptional
      const inner = optional ? (schema.unwrap() as z.ZodType) : schema
      const { column, description } = inner.meta() as unknown as FieldMeta
      return { name, optional, column, description }
    }),
  ]),
)

/** What a kind says, in a sentence. */
export const describeKind = (kind: Kind): string => kinds[kind].meta()?.description ?? ''
