import type { Relational } from '@skep/hub'
import { steps } from './steps.ts'
import { TaxiiStore } from './taxii/store.ts'

export { sharing, Share, type SharingOptions } from './sharing.ts'
export { seed } from './taxii/seed.ts'

/** The TAXII server's store alone, for commands. */
export const openTaxii = async (relational: Relational): Promise<TaxiiStore> =>
  new TaxiiStore(await relational.tables('share', steps))
