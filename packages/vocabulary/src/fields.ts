import { z } from 'zod'

/**
 * The kinds of field that an event may have. Each is a zod schema that clamps what strangers wrote, once, here at the
 * edge, and that carries (as zod metadata) the ClickHouse column that keeps it. Everything else is derived from these.
 */
export interface FieldMeta {
  /** The ClickHouse column type. */
  readonly column: string
  readonly description: string
}

const meta = (column: string, description: string) => ({ column, description }) satisfies FieldMeta

/**
 * Cuts to `max` UTF-16 units and makes the rest well-formed Unicode: one lone surrogate would make the store refuse a
 * whole batch, so an attacker could delete evidence with half an emoji.
 */
export const clampText = (value: string, max: number): string =>
  (value.length > max ? value.slice(0, max) : value).toWellFormed()

/** A line that may be shown anywhere, a terminal too: what acts on one, or turns the reading around, is made visible. */
export const plain = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '·')

/** Free text of a stranger, at most `max` UTF-16 units. */
export const text = (max: number, description: string) =>
  z
    .string()
    .overwrite((value) => clampText(value, max))
    .meta(meta('String', description))

/** Text that repeats a lot (names, types, versions): stored once per part of the store. */
export const word = (max: number, description: string) =>
  z
    .string()
    .overwrite((value) => clampText(value, max))
    .meta(meta('LowCardinality(String)', description))

/** Bytes as base64, at most `max` bytes before encoding. */
export const bytes = (max: number, description: string) => {
  const chars = Math.ceil(max / 3) * 4
  return z
    .string()
    .overwrite((value) => (value.length > chars ? value.slice(0, chars) : value).replace(/[^A-Za-z0-9+/=]/g, ''))
    .meta({ ...meta('String', `${description} (base64)`), contentEncoding: 'base64' })
}

const clampNumber = (value: number, max: number): number =>
  Number.isFinite(value) ? Math.min(max, Math.max(0, Math.trunc(value))) : 0

/** A count or size, 0 … 2^53-1. */
export const count = (description: string) =>
  z
    .number()
    .overwrite((value) => clampNumber(value, Number.MAX_SAFE_INTEGER))
    .meta(meta('UInt64', description))

/** A port, 0 … 65535. */
export const port = (description: string) =>
  z
    .number()
    .overwrite((value) => clampNumber(value, 65_535))
    .meta(meta('UInt16', description))

/** A small signed number, such as an exit code or a status. */
export const small = (description: string) =>
  z
    .number()
    .overwrite((value) => (Number.isFinite(value) ? Math.max(-32_768, Math.min(32_767, Math.trunc(value))) : 0))
    .meta(meta('Int16', description))

export const flag = (description: string) => z.boolean().meta(meta('Bool', description))

/** At most `length` texts of at most `max` units each. */
export const list = (length: number, max: number, description: string) =>
  z
    .array(z.string())
    .overwrite((values) => values.slice(0, length).map((value) => clampText(value, max)))
    .meta(meta('Array(String)', description))

/** One of a closed set of words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z.enum(values).meta(meta('LowCardinality(String)', description))

/** A SHA-256 in lower-case hexadecimal. */
export const sha256 = (description: string) =>
  z
    .string()
    .regex(/^([0-9a-f]{64})?$/)
    .meta(meta('String', description))

/** The id of another event. */
export const eventId = (description: string) => z.uuid().meta(meta('UUID', description))
