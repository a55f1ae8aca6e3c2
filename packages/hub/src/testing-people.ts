import type { Hub } from './hub.ts'

/** An answer whose shape the test knows. */
export type Loose = ReturnType<typeof JSON.parse>

/** A browser as far as tests need one: it keeps cookies and says where its requests come from. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }
  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(new URL(path, this.url), {
      redirect: 'manual',
      ...init,
      headers: { cookie: this.cookie, 'sec-fetch-site': 'same-origin', ...(init.headers as Record<string, string>) },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return response
  }

  /** Asks the API. */
  async api(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Loose; headers: Headers }> {
    const response = await this.fetch(`/api/v1/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    let read: Loose = { text }
    try {
      read = JSON.parse(text)
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, body: read, headers: response.headers }
  }
}

/** Makes a person with a role in an organisation, signed in. */
export async function person(
  hub: Hub,
  email: string,
  organisation: string,
  role: 'viewer' | 'trainer' | 'analyst' | 'admin',
): Promise<Browser & { id: string }> {
  const { people, fleet } = hub.relational
  await fleet.addOrganisation(organisation)
  const user = (await people.userByEmail(email)) ?? (await people.addUser(email, email.split('@')[0] ?? ''))
  await people.join(user.id, organisation, role)
  const browser = new Browser(hub.url)
  browser.setCookie('skep', await people.signIn(user.id, 'full', { agent: 'test', remote: '', organisation }))
  return Object.assign(browser, { id: user.id })
}
