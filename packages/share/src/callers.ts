import type { Context as HonoContext } from 'hono'
import { getCookie } from 'hono/cookie'
import { callerOf, type Caller, type Env, type ExtensionContext } from '@skep/hub'

/** What a request says of who sends it: a token, or a name and a password (RFC 7617). */
export function credentialsOf(c: HonoContext<Env>): { user?: string; secret: string } | undefined {
  const header = c.req.header('authorization') ?? ''
  const bearer = /^Bearer (\S+)$/i.exec(header)?.[1] ?? c.req.header('x-api-key')
  if (bearer !== undefined) return { secret: bearer }
  const basic = /^Basic ([A-Za-z0-9+/=]{1,1000})$/i.exec(header)?.[1]
  if (basic === undefined) return undefined
  const text = Buffer.from(basic, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return { user: text.slice(0, Math.max(0, at)), secret: text.slice(at + 1) }
}

/**
 * Who sends a request for something that programs fetch: by token, as a header or as the password of any user name; or
 * by the cookie of somebody who looks at it in the portal.
 */
export function callerOfRequest(
  { relational }: Pick<ExtensionContext, 'relational'>,
  c: HonoContext<Env>,
): Promise<Caller | undefined> {
  const given = credentialsOf(c)
  // A browser sends its cookies along wherever a page makes it: good for looking only.
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  return given === undefined
    ? callerOf(relational, undefined, reads ? (getCookie(c, 'skep') ?? '') : '')
    : callerOf(relational, given.secret)
}
