import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { axeFindings, has, openBrowser, python } from './browser.ts'
import { call, startAll, type Running } from './process.ts'

// What a member of a network does, in a real browser: from the invitation to the closed case. The history is that of the
// demo; the network is the one of which the most addresses attacked in it.
const data = mkdtempSync(join(tmpdir(), 'skep-member-'))
const chromium = has('chromium')
let all: Running
let portal: string
let token: string
let browser: Browser | undefined
let page: Page
const password = 'a long walk on the beach'
const api = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${portal}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as Record<string, never>
}
let network = { asn: 0, address: '' }

beforeAll(async () => {
  if (!chromium) return
  all = await startAll(data, 4007)
  // Passkeys belong to a name, not to an address in numbers.
  portal = all.portal.replace('127.0.0.1', 'localhost')
  token = call('token', 'create', '--role', 'operator', '--data', data).trim()
  call('demo', '--data', data)
  const { rows } = (await api('GET', 'networks?since=2017-11-01&until=2017-12-01&limit=1')) as unknown as {
    rows: { asn: number }[]
  }
  network.asn = rows[0]?.asn ?? 0
  const found = (await api('GET', `offenders?asn=${network.asn}&since=2017-11-01&until=2017-12-01`)) as unknown as {
    rows: { source: string }[]
  }
  network.address = found.rows[0]?.source ?? ''
  browser = await openBrowser()
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await all?.stop()
  rmSync(data, { recursive: true, force: true })
})

/** Does not wait for what moves by itself; it waits for the page to have asked and got. */
const settled = async (): Promise<void> => {
  await page.waitForSelector('h1')
  await page.waitForSelector('.skeleton', { state: 'detached' })
}

test.runIf(chromium)(
  'an invited person signs in by link, password, one-time code and passkey',
  async () => {
    const link = call('user', 'add', 'desk@isp.example', '--org', 'isp', '--data', data).trim()
    await page.goto(link.replace('127.0.0.1', 'localhost'))
    await page.getByLabel('New password').fill(password)
    await page.getByRole('button', { name: 'Set the password' }).click()
    await page.getByRole('link', { name: 'My network' }).waitFor()

    // One-time codes.
    const { Secret, TOTP } = await import('otpauth')
    await page.goto(`${portal}/account`)
    const card = page.locator('section', { hasText: 'One-time codes' })
    await card.getByLabel('Your password').fill(password)
    await card.getByRole('button', { name: 'Set up' }).click()
    await card.locator('img.qr').waitFor()
    const secret = ((await card.locator('code').textContent()) ?? '').replaceAll(' ', '')
    const totp = new TOTP({ secret: Secret.fromBase32(secret) })
    // The code of the step before is taken as long as this step lasts: it has to last for what follows.
    const left = 30_000 - (Date.now() % 30_000)
    if (left < 15_000) await new Promise((resolve) => setTimeout(resolve, left))
    await card.getByLabel('The code that it shows').fill(totp.generate({ timestamp: Date.now() - 30_000 }))
    await card.getByRole('button', { name: 'Turn them on' }).click()
    await card.getByText('recovery codes').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    const signIn = async (): Promise<void> => {
      await page.getByLabel('E-mail').fill('desk@isp.example')
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    }
    await signIn()
    await page.getByLabel('Code').fill(totp.generate())
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('link', { name: 'My network' }).waitFor()

    // A passkey, kept by an authenticator that the browser plays.
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await page.goto(`${portal}/account`)
    const keys = page.locator('section', { hasText: 'Passkeys' })
    await keys.getByLabel('Your password').fill(password)
    await keys.getByRole('button', { name: 'Add a passkey' }).click()
    await keys.getByText('This device').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByRole('link', { name: 'My network' }).waitFor()
    expect(await page.getByText('desk@isp.example').count()).toBeGreaterThan(0)
  },
  120_000,
)

test.runIf(chromium)(
  'claims a network, sees what leaves it, reads the evidence, opens a case and works on it',
  async () => {
    await page.goto(`${portal}/mine`)
    await page.getByText('No network of isp is proved yet').waitFor()
    await page.goto(`${portal}/organisation`)
    await page.getByLabel('AS or prefix').fill(`AS${network.asn}`)
    await page.getByLabel('Proved by').selectOption('operator')
    await page.getByRole('button', { name: 'Claim' }).click()
    await page.getByText('not yet proved').first().waitFor()
    // Another browser: the operator's.
    const operator = await (await (browser as Browser).newContext()).newPage()
    await operator.goto(all.signin)
    await operator.goto(`${all.portal}/honeynet`)
    await operator.getByRole('button', { name: 'Approve' }).click()
    await operator.getByRole('button', { name: 'Yes' }).click()
    await operator.getByText('Nobody waits for a decision').waitFor()
    await operator.close()

    await page.goto(`${portal}/mine?since=2017-11-01&until=2017-12-01`)
    await page.getByText(/attacked in this time/).waitFor()
    await page.getByRole('heading', { name: 'Beside other networks' }).waitFor()
    // Every number opens the list behind it.
    await settled()
    await page.locator('.finding button').first().click()
    await page.waitForURL(/rule=/)
    await page.getByRole('link', { name: 'pack' }).first().click()
    await page.getByRole('heading', { name: /^Evidence/ }).waitFor()
    await page.goto(`${portal}/pack/${network.address}?since=2017-11-01&until=2017-12-01&language=vi`)
    await page.getByText('Tìm máy theo địa chỉ').waitFor()
    await page.getByRole('button', { name: 'Open a case' }).click()
    await page
      .getByRole('link', { name: /^Case \d+/ })
      .first()
      .click()
    await page.getByRole('heading', { name: /^Case \d+/ }).waitFor()
    await page.locator('select[name=state]').selectOption('working')
    await page.locator('select[name=assignee]').selectOption('desk@isp.example')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('new → working').waitFor()
    await page.locator('textarea[name=text]').fill('<img src=x onerror=alert(1)> called them')
    await page.getByRole('button', { name: 'Write a note' }).click()
    await page.getByText('called them').waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
  },
  120_000,
)

test.runIf(chromium)(
  'is alerted: a channel, a preview, a thing to watch for',
  async () => {
    await page.goto(`${portal}/alerts`)
    await page.getByText('Nothing is open').waitFor()
    const card = page.locator('section', { hasText: 'Channels' })
    await card.locator('select[name=kind]').selectOption('webhook')
    await card.getByLabel('What to call it').fill('inwards')
    await card.getByLabel('Address').fill('https://127.0.0.1/')
    await card.getByRole('button', { name: 'Add' }).click()
    await card.getByText('not on the public Internet').waitFor()
    await card.getByLabel('Address').fill('https://hooks.example.org/x')
    await card.getByRole('button', { name: 'Add' }).click()
    await card.getByText('whsec_').waitFor()
    await page.getByText('Watch for something').click()
    const form = page.locator('form[aria-label=Alert]')
    await form.getByLabel('What to call it').fill('Too many')
    await form.locator('select[name=when]').selectOption('threshold')
    await form.getByRole('button', { name: /What would it have told/ }).click()
    await form.getByText(/^On 0 days of 30/).waitFor()
    await form.locator('select[name=channel]').selectOption({ label: 'inwards' })
    await form.getByRole('button', { name: 'Watch', exact: true }).click()
    await page.getByText('10 addresses within 24 h of high severity or worse').waitFor()
    expect(await page.getByText('whsec_').count()).toBeLessThanOrEqual(1)
  },
  60_000,
)

test.runIf(chromium)(
  'a row opens beside its list, by mouse and by key, and what somebody hides stays hidden',
  async () => {
    const operator = await (await (browser as Browser).newContext({ viewport: { width: 1280, height: 900 } })).newPage()
    await operator.goto(/http\S+/.exec(call('token', 'link', '--data', data))?.[0] ?? '')
    await operator.goto(`${all.portal}/sources?since=2017-11-01&until=2017-12-01`)
    const rows = operator.locator('tbody tr')
    const panel = operator.getByRole('complementary', { name: 'One of: Sources' })
    const addressOf = (n: number) => rows.nth(n).locator('a').first().textContent()
    await rows.nth(1).click({ position: { x: 500, y: 8 } })
    await panel.getByRole('heading', { name: (await addressOf(1)) ?? '' }).waitFor()
    await panel.getByRole('heading', { name: 'Its latest sessions' }).waitFor()
    await panel.locator('li').first().waitFor()
    expect(await axeFindings(operator)).toEqual([])
    // The panel goes along with the row.
    await operator.keyboard.press('j')
    await panel.getByRole('heading', { name: (await addressOf(2)) ?? '' }).waitFor()
    await operator.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await rows.nth(3).focus()
    await operator.keyboard.press('Enter')
    await panel.getByRole('heading', { name: (await addressOf(3)) ?? '' }).waitFor()
    await panel.getByRole('button', { name: 'Close' }).click()
    // Columns and closeness.
    const economy = operator.getByRole('columnheader', { name: 'Economy' })
    expect(await economy.count()).toBe(1)
    await operator.getByRole('button', { name: 'View' }).click()
    await operator.getByRole('checkbox', { name: 'Economy' }).uncheck()
    await operator.getByRole('radio', { name: 'Compact' }).check()
    await operator.keyboard.press('Escape')
    await operator.getByRole('checkbox', { name: 'Economy' }).waitFor({ state: 'detached' })
    await operator.reload()
    await rows.first().waitFor()
    expect([await economy.count(), await operator.locator('.table.close').count()]).toEqual([0, 1])
    await operator.close()
  },
  60_000,
)

test.runIf(chromium)(
  'none of these pages has a finding of axe, an error, or a scroll bar across, on a large or a small screen',
  async () => {
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(String(error)))
    const { rows } = (await api('GET', 'cases?organisation=isp')) as unknown as { rows: { id: number }[] }
    const paths = [
      '/mine?since=2017-11-01&until=2017-12-01',
      `/pack/${network.address}?since=2017-11-01&until=2017-12-01`,
      '/cases',
      `/case/${rows[0]?.id}`,
      '/alerts',
      '/aimed',
      '/routing',
      '/sharing',
      '/organisation',
      '/account',
      '/signin',
      '/public',
    ]
    for (const [scheme, width] of [
      ['light', 1440],
      ['dark', 390],
    ] as const) {
      await page.emulateMedia({ colorScheme: scheme })
      await page.setViewportSize({ width, height: 900 })
      for (const path of paths) {
        await page.goto(`${portal}${path}`)
        await settled()
        expect(await axeFindings(page), `${scheme} ${path}`).toEqual([])
        const across = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        expect(across, `${width} ${path}`).toBeLessThanOrEqual(0)
      }
    }
    expect(wrong).toEqual([])
  },
  180_000,
)

// Strictly, its library would also want the address that was attacked: that is a sensor's, and stays here.
test.runIf(chromium && python('xarf'))('XARF is what its own library takes', async () => {
  const response = await fetch(
    `${portal}/api/v1/packs?subject=${network.address}&since=2017-11-01&until=2017-12-01&format=xarf`,
    { headers: { authorization: `Bearer ${token}` } },
  )
  const file = join(data, 'xarf.json')
  writeFileSync(file, await response.text())
  const said = execFileSync(
    'python3',
    [
      '-c',
      'import json, sys, xarf; r = xarf.parse(open(sys.argv[1]).read()); print(json.dumps({"errors": [str(e) for e in r.errors]}))',
      file,
    ],
    { encoding: 'utf8' },
  )
  expect(JSON.parse(said)).toEqual({ errors: [] })
})
