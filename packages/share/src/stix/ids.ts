import { createHash } from 'node:crypto'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** JSON in the one form of RFC 8785: keys in the order of their UTF-16 units, no blanks. Numbers are as JavaScript's. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value as Record<string, Json | undefined>)
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`
}

/** A UUIDv5 (RFC 9562) of UTF-8 text. */
function uuid5(namespace: Buffer, name: string): string {
  const hash = createHash('sha1').update(namespace).update(name, 'utf8').digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const oasis = Buffer.from('00abedb4aa42466c9c01fed23315a9b7', 'hex')

/** The properties that make the id of an observable, by type (STIX 2.1 §6). */
const contributing: Readonly<Record<string, readonly string[]>> = {
  artifact: ['hashes', 'payload_bin'],
  'autonomous-system': ['number'],
  directory: ['path'],
  'domain-name': ['value'],
  'email-addr': ['value'],
  'email-message': ['from_ref', 'subject', 'body'],
  file: ['hashes', 'name', 'extensions', 'parent_directory_ref'],
  'ipv4-addr': ['value'],
  'ipv6-addr': ['value'],
  'mac-addr': ['value'],
  mutex: ['name'],
  'network-traffic': ['start', 'end', 'src_ref', 'dst_ref', 'src_port', 'dst_port', 'protocols', 'extensions'],
  software: ['name', 'cpe', 'swid', 'vendor', 'version'],
  url: ['value'],
  'user-account': ['account_type', 'user_id', 'account_login'],
  'windows-registry-key': ['key', 'values'],
  'x509-certificate': ['hashes', 'serial_number'],
}

/** Of several hashes the first of these counts (STIX 2.1 §2.9). */
const preferred = ['MD5', 'SHA-1', 'SHA-256', 'SHA-512']

function oneHash(hashes: Json): Json {
  if (hashes === null || typeof hashes !== 'object' || Array.isArray(hashes)) return hashes
  const all = hashes as Record<string, Json>
  const name = preferred.find((one) => one in all) ?? Object.keys(all).sort()[0]
  return name === undefined ? {} : { [name]: all[name] ?? null }
}

/** The id of an observable: the same for the same thing, in every hub of the world. */
export function observableId(type: string, properties: Readonly<Record<string, Json | undefined>>): string {
  const name: Record<string, Json> = {}
  for (const key of contributing[type] ?? []) {
    const value = properties[key]
    if (value !== undefined) name[key] = key === 'hashes' ? oneHash(value) : value
  }
  return `${type}--${uuid5(oasis, canonical(name))}`
}

const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex')

/** The ids of this hub's own objects: the same thing told twice is one object; another hub's are others. */
export class Ids {
  readonly #namespace: Buffer

  /** @param hub what this hub is called for good: its domain, or an id of its own */
  constructor(hub: string) {
    this.#namespace = Buffer.from(uuid5(dns, hub).replaceAll('-', ''), 'hex')
  }

  /** @param key what tells the thing from all others of its type */
  uuid(type: string, key: string): string {
    return uuid5(this.#namespace, `${type}|${key}`)
  }
  of(type: string, key: string): string {
    return `${type}--${this.uuid(type, key)}`
  }
}
