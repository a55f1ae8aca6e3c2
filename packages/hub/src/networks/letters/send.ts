import type { Mailer } from '../../mail.ts'
import type { Relational } from '../../relational/database.ts'
import { quietDays } from '../cases.ts'
import type { Sent } from '../contacts.ts'
import { packFormats } from '../pack/formats.ts'
import type { Pack } from '../pack/pack.ts'
import { letterOf } from '../pack/text.ts'
import type { Reporter } from '../pack/xarf.ts'
import { languageNames } from './index.ts'

/** Sends evidence as a letter: text and HTML, XARF and PDF, and a link by which the reader says that it has come. */
export class Letters {
  readonly #parts: {
    readonly relational: Relational
    readonly mailer: Mailer
    readonly publicPortal: () => string
    readonly contact: string
  }

  constructor(parts: { relational: Relational; mailer: Mailer; publicPortal: () => string; contact: string }) {
    this.#parts = parts
  }

  /** Who reports. */
  reporter(): Reporter {
    const { hostname } = new URL(this.#parts.publicPortal())
    return { org: 'Skep community honeynet', contact: this.#parts.contact, domain: hostname }
  }

  /** @returns what the mail server said @throws Error when there is none or it refuses */
  async send(pack: Pack, sent: Sent, replyTo?: string): Promise<string> {
    const { relational, mailer, publicPortal } = this.#parts
    const language = languageNames.find((name) => name === sent.language) ?? 'en'
    const secret = await relational.people.errand('received', sent.subject, sent, 60 * 86_400)
    const options = {
      language,
      quietDays,
      reporter: this.reporter(),
      link: `${publicPortal()}/received#${secret}`,
    }
    try {
      return await mailer.send({
        to: sent.to,
        subject: letterOf(pack, options).title,
        text: packFormats.text.render(pack, options),
        html: packFormats.html.render(pack, options),
        attachments: [
          { filename: 'xarf.json', content: packFormats.xarf.render(pack, options), contentType: 'application/json' },
          {
            filename: 'evidence.pdf',
            content: await packFormats.pdf.render(pack, options),
            contentType: 'application/pdf',
          },
        ],
        ...(replyTo !== undefined && { replyTo }),
      })
    } catch (error) {
      // What did not go waits for no answer.
      await relational.people.run('received', secret)
      throw error
    }
  }
}
