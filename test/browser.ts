import { execFileSync } from 'node:child_process'
import type { Browser, Page } from 'playwright-core'

/** Whether a program is there; what is not is named in the output, and its tests are skipped. */
export const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`skipped: ${program} is not installed`)
    return false
  }
}
/** The same for a module of Python. */
export const python = (module: string): boolean => {
  try {
    execFileSync('python3', ['-c', `import ${module}`], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`skipped: the Python module ${module} is not installed`)
    return false
  }
}

/** Debian's Chromium, with nothing that calls home. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core')
  return chromium.launch({
    executablePath: execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** What axe finds serious or critical in a page, from outside the page's own world: its policy lets no script of ours in. */
export async function axeFindings(page: Page): Promise<string[]> {
  const axe = (await import('axe-core')).default
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Runtime.evaluate', { expression: axe.source })
  const { result } = await cdp.send('Runtime.evaluate', {
    expression:
      "axe.run(document, { resultTypes: ['violations'] }).then((r) => JSON.stringify(r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => v.id + ': ' + v.nodes[0].html)))",
    awaitPromise: true,
  })
  return JSON.parse(String(result.value)) as string[]
}
