import { type Rule } from '../rule.ts'
import { commands } from './commands.ts'
import { logins } from './logins.ts'
import { services } from './services.ts'

/** Every rule. A new one is a value in one of these files; the store counts its findings anew from all events. */
export const rules: readonly Rule[] = [...logins, ...commands, ...services]
const byId = new Map(rules.map((one) => [one.id, one]))
/** The rule of an id; undefined for one that is not there any longer. */
export const ruleById = (id: string): Rule | undefined => byId.get(id)

/**
 * The ids of the rules that hold for an event, as an expression of the store. Datagrams count for nothing here: their
 * source may be forged, and nobody is to be accused by them.
 */
export const rulesExpression: string = `if(transport = 'udp', [], arrayFilter(id -> id != '', [${rules
  .map(({ id, when }) => `if(${when}, '${id}', '')`)
  .join(', ')}]))`
