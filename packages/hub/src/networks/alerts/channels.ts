import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Mailer } from '../../mail.ts'
import { Forbidden, type Outbound } from '../../outbound.ts'
import { isEmail, normalEmail } from '../../relational/people.ts'

/** What is told: a line for the head, and lines of text. Attackers' words in it are on one line and defanged already. */
export interface Notice {
  readonly title: string
  readonly lines: readonly string[]
  /** Where to look. */
  readonly link: string
  readonly organisation: string
}

interface Ways {
  readonly mailer: Mailer
  readonly outbound: Outbound
}

/** A way to tell somebody. */
export interface ChannelKind<T> {
  readonly title: string
  readonly target: z.ZodType<T>
  /** @returns what the other side answered @throws Error when it did not take it */
  readonly send: (notice: Notice, target: T, ways: Ways) => Promise<string>
  /** @throws Error when the target is one that may not be used */
  readonly check?: (target: T, ways: Ways) => void
}
const channel = <T>(definition: ChannelKind<T>): ChannelKind<T> => definition

const url = z.strictObject({ url: z.string().max(1000) })
const plainText = ({ title, lines, link }: Notice): string => [title, '', ...lines, '', link].join('\n')

async function post(
  outbound: Outbound,
  address: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await outbound.fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    most: 64 * 1024,
  })
  const said = `${answer.status} ${answer.body.toString('utf8').slice(0, 100)}`
  if (answer.status < 200 || answer.status >= 300) throw new Error(said)
  return said
}
const checkUrl = ({ url: address }: { url: string }, { outbound }: Ways): void => void outbound.check(address)
/** Slack's and Mattermost's own marks, so that nothing in a text calls everybody or becomes a link. */
const unmarked = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200b')
    .replaceAll('`', "'")

/** A secret for signing, in the form of Standard Webhooks. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`

/** The headers of a signed webhook (Standard Webhooks 1.0: HMAC-SHA256 over id, time and body). */
export function signWebhook(secret: string, body: string, id: string, seconds: number): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` }
}

/** Every kind of channel. A new one is an entry here. */
export const channelKinds = {
  mail: channel({
    title: 'E-mail',
    target: z.strictObject({ to: z.string().max(320).transform(normalEmail).refine(isEmail, 'an e-mail address') }),
    check: (_, { mailer }) => {
      if (!mailer.ready) throw new Forbidden('This hub has no mail server')
    },
    send: (notice, { to }, { mailer }) => mailer.send({ to, subject: notice.title, text: plainText(notice) }),
  }),
  webhook: channel({
    title: 'Webhook (signed)',
    target: z.strictObject({ url: z.string().max(1000), secret: z.string().max(200).default(newWebhookSecret) }),
    check: checkUrl,
    send: (notice, { url: address, secret }, { outbound }) => {
      const body = JSON.stringify({
        type: 'alert',
        timestamp: new Date().toISOString(),
        data: { title: notice.title, organisation: notice.organisation, lines: notice.lines, link: notice.link },
      })
      return post(outbound, address, body, signWebhook(secret, body, randomUUID(), Math.floor(Date.now() / 1000)))
    },
  }),
  slack: channel({
    title: 'Slack',
    target: url,
    check: checkUrl,
    send: (notice, { url: address }, { outbound }) =>
      post(outbound, address, { text: unmarked(plainText({ ...notice, link: '' })) + notice.link }),
  }),
  mattermost: channel({
    title: 'Mattermost',
    target: url,
    check: checkUrl,
    send: (notice, { url: address }, { outbound }) =>
      post(outbound, address, {
        username: 'Skep',
        text: `**${unmarked(notice.title)}**\n\`\`\`\n${notice.lines.map(unmarked).join('\n')}\n\`\`\`\n${notice.link}`,
      }),
  }),
  teams: channel({
    title: 'Teams',
    target: url,
    check: checkUrl,
    send: (notice, { url: address }, { outbound }) =>
      post(outbound, address, {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            content: {
              type: 'AdaptiveCard',
              version: '1.4',
              body: [
                { type: 'TextBlock', text: notice.title, weight: 'Bolder', wrap: true },
                // A text run takes no Markdown: nothing in it can become a link.
                ...notice.lines.map((text) => ({
                  type: 'RichTextBlock',
                  inlines: [{ type: 'TextRun', text, fontType: 'Monospace' }],
                })),
              ],
              actions: [{ type: 'Action.OpenUrl', title: 'Open', url: notice.link }],
            },
          },
        ],
      }),
  }),
  telegram: channel({
    title: 'Telegram',
    target: z.strictObject({
      token: z.string().regex(/^\d{5,20}:[\w-]{20,80}$/, 'a bot’s token'),
      chat: z.string().regex(/^(-?\d{1,20}|@\w{3,64})$/, 'a chat’s id'),
    }),
    send: (notice, { token, chat }, { outbound }) =>
      post(outbound, `${telegram.base}/bot${token}/sendMessage`, {
        chat_id: chat,
        text: plainText(notice).slice(0, 4000),
        link_preview_options: { is_disabled: true },
      }),
  }),
} as const
export type ChannelName = keyof typeof channelKinds
export const channelNames = Object.keys(channelKinds) as [ChannelName, ...ChannelName[]]

/** Where Telegram is; the tests have one of their own. */
export const telegram = { base: 'https://api.telegram.org' }
