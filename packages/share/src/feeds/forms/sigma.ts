import { rules } from '@skep/hub'
import { skepNamespace, uuidv5 } from '@skep/vocabulary'
import { form } from '../form.ts'

/** Text in single quotes of YAML, where only the quote itself means something. */
const yaml = (text: string): string => `'${text.replaceAll("'", "''")}'`
const levels = { info: 'informational', low: 'low', medium: 'medium', high: 'high', critical: 'critical' } as const

/** What attackers typed on decoys, as rules about processes elsewhere. */
export const sigma = [
  form({
    path: 'sigma/skep.yml',
    title: 'Sigma: what attackers type, as detections on Linux hosts',
    kinds: [],
    media: 'application/yaml; charset=utf-8',
    comment: '#',
    begin: ({ made }) =>
      rules
        .flatMap(({ id, title, technique, severity, typed }) =>
          typed === undefined
            ? []
            : [
                [
                  `title: ${yaml(`Skep: somebody ${title}`)}`,
                  `id: ${uuidv5(skepNamespace, `sigma ${id}`)}`,
                  'status: test',
                  `description: ${yaml(`Seen on honeypots: an intruder who ${title}. Administrators do some of this too.`)}`,
                  'author: Skep',
                  `date: ${made.slice(0, 10)}`,
                  'references:',
                  `  - https://attack.mitre.org/techniques/${technique.id.replace('.', '/')}/`,
                  'tags:',
                  `  - attack.${technique.tactic.toLowerCase().replaceAll(' ', '-')}`,
                  `  - attack.${technique.id.toLowerCase()}`,
                  'logsource:',
                  '  category: process_creation',
                  '  product: linux',
                  'detection:',
                  '  selection:',
                  `    CommandLine|re${typed.flags.includes('i') ? '|i' : ''}: ${yaml(typed.source.replaceAll('\\/', '/'))}`,
                  '  condition: selection',
                  'falsepositives:',
                  '  - Administration',
                  `level: ${levels[severity]}`,
                ].join('\n'),
              ],
        )
        .join('\n---\n')
        .concat('\n'),
    entry: () => '',
  }),
]
