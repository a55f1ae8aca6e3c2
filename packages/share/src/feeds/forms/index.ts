import { apnic } from './apnic.ts'
import { detectors } from './detectors.ts'
import { intelmq } from './intelmq.ts'
import { lists } from './lists.ts'
import { names } from './names.ts'
import { sigma } from './sigma.ts'
import { walls } from './walls.ts'
import type { Form } from '../form.ts'

/** Every form of file. A new one is a value in a file here. */
export const forms: readonly Form[] = [...apnic, ...lists, ...walls, ...names, ...detectors, ...sigma, ...intelmq]
