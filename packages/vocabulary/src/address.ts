import { isIP } from 'node:net'

/** Whether it is the text of an IPv4 or IPv6 address (without a zone). */
export const isAddress = (text: string): boolean => text.length <= 45 && isIP(text) !== 0 && !text.includes('%')

/**
 * One form per address: IPv4 inside IPv6 becomes IPv4, a zone is cut off, letters become small.
 * @returns undefined when it is no address
 */
export function normalizeAddress(text: string): string | undefined {
  const bare = (text.split('%', 1)[0] ?? '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1]
  const address = mapped ?? bare
  return isAddress(address) ? address : undefined
}

/** What blanks, quotes, controls and line ends turn into, so that a value can stand in one line. */
export const quoteArgument = (argument: string): string =>
  /^[\x21-\x7e]+$/.test(argument) && !/["'\\]/.test(argument) ? argument : JSON.stringify(argument)

/** Finds whatever could be an address within a text; `normalizeAddress` says whether it is one. */
export const addressLike =
  /(?<!\d|\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d)|(?<![0-9a-f:.])(?:[0-9a-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4})(?![0-9a-f:])/gi
