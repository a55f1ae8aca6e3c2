import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { PublicPage } from '../../networks/public.ts'
import type { Context, Env } from '../context.ts'
import { json } from '../shapes.ts'

/** What everybody may see, without signing in. */
export function publicRoutes(app: OpenAPIHono<Env>, { store }: Context): void {
  const page = new PublicPage(store)
  const counts = z.array(z.object({ key: z.string(), sources: z.number() }))
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/public/overview',
      summary: 'Economies and likely causes of the last whole week, for everybody',
      description:
        'Only addresses that three sensors saw, lines of ten addresses at least, numbers without their last digits, two days late, the same for a whole week.',
      responses: json(
        z.object({ since: z.string(), until: z.string(), economies: counts, causes: counts }),
        'The overview',
      ),
    }),
    async (c) => {
      const { since, until, economies, causes } = await page.view()
      c.header('cache-control', 'public, max-age=3600')
      return c.json({ since, until, economies: [...economies], causes: [...causes] })
    },
  )
}
