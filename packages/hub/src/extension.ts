import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Opening } from './access/guard.ts'
import type { Context, Env } from './api/context.ts'

/** Work that is done again and again; of several hubs, the one that holds the lease does it. */
export interface Job {
  /** Milliseconds. */
  readonly every: number
  /** Milliseconds after the start at which it is done first; without it, after the first `every`. */
  readonly first?: number
  readonly work: () => Promise<unknown>
  readonly lease?: string
}

/** What an extension works with: what the routes work with, and a folder of its own. */
export interface ExtensionContext extends Context {
  readonly folder: string
}

/** An extension that runs: routes, the rules for who may call them, and its regular work. */
export interface RunningExtension {
  readonly open: readonly Opening[]
  readonly routes: (app: OpenAPIHono<Env>) => void
  readonly jobs: readonly Job[]
  readonly stop: () => Promise<void>
}

/** A part of the house that stands on the hub, such as sharing; whoever starts the hub says which. */
export interface Extension {
  readonly name: string
  readonly start: (context: ExtensionContext) => Promise<RunningExtension>
}
