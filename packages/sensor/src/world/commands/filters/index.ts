import type { Command } from '../command.ts'
import { base64, shuf } from './coding.ts'
import { cut } from './cut.ts'
import { factor, fmt, numfmt, tsort } from './numbers.ts'
import { sort } from './sort.ts'
import { tr } from './tr.ts'
import { uniq } from './uniq.ts'
import { wc } from './wc.ts'
import { xargs } from './xargs.ts'

/** Filters of coreutils and findutils that the library has otherwise. */
export const filters: Readonly<Record<string, Command>> = {
  base64,
  cut,
  factor,
  fmt,
  numfmt,
  shuf,
  sort,
  tr,
  tsort,
  uniq,
  wc,
  xargs,
}
