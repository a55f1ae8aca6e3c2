import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { sql, string, time } from '../sql.ts'

const row = z.object({ hour: instant, events: number, beats: number })

/** What a sensor told hour by hour: events about strangers, and events about itself, which say that it lived. */
export const activity = query({
  name: 'activity',
  row,
  build: ({ window, sensor }: { window: Window; sensor: string }) =>
    sql`SELECT hour, sum(activity.events) AS events, sum(activity.beats) AS beats FROM skep.activity AS activity
        WHERE sensor = ${string(sensor)} AND hour >= ${time(window.since)} AND hour < ${time(window.until)}
        GROUP BY hour ORDER BY hour`,
})

/** The first and the last hour of which a sensor told anything, be it of itself. */
export const told = query({
  name: 'told',
  row: z.object({ first: instant, last: instant, hours: number }),
  build: () =>
    sql`SELECT min(activity.hour) AS first, max(activity.hour) AS last, uniqExact(activity.hour) AS hours FROM skep.activity AS activity`,
})
