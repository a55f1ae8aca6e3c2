import type { Catalogue } from './catalogue.ts'
import { en } from './en.ts'
import { fr } from './fr.ts'
import { hi } from './hi.ts'
import { id } from './id.ts'
import { ja } from './ja.ts'
import { km } from './km.ts'
import { tet } from './tet.ts'
import { th } from './th.ts'
import { vi } from './vi.ts'
import { zh } from './zh.ts'

/** Every language that letters are written in. A new one is a file and a line here. */
export const catalogues = { en, id, zh, hi, ja, vi, th, km, tet, fr } as const satisfies Record<string, Catalogue>
export type Language = keyof typeof catalogues
export const languageNames = Object.keys(catalogues) as [Language, ...Language[]]
