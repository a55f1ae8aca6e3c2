import { z } from 'zod'

/**
 * What an operator can want of a sensor from afar: the part of its configuration that may come from the hub. The rest
 * (its name, the addresses it listens on, who may speak for others) is its host's own. The sensor checks it again,
 * more strictly: it knows which services and personas it has.
 */

const port = z.number().int().min(0).max(65_535)
/** A port or a range such as "2300-2330", read as the list of its ports. */
export const ports = z
  .union([port, z.string().regex(/^\d{1,5}(-\d{1,5})?$/, 'expected a port or a range such as "2300-2330"')])
  .transform((value): number[] => {
    const [first = 0, last = first] = String(value).split('-').map(Number)
    return last < first || last > 65_535 ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })

/** One of those, or a list of them. */
export const portList = z.union([ports, z.array(ports).transform((lists) => lists.flat())])

const word = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a short lower-case name')
const whole = (least: number, most: number) => z.number().int().min(least).max(most)
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as "22:00"')
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

export const Schedule = z
  .strictObject({
    days: z
      .array(z.enum(days))
      .min(1)
      .default([...days])
      .describe('Days of the week on which it begins'),
    from: clock.describe('Begin, UTC'),
    to: clock.describe('End, UTC; before `from`: on the next day'),
    close: z.array(word).default([]).describe('Services that do not listen then'),
    bytesPerSecond: whole(0, 2 ** 40)
      .optional()
      .describe('Upload then, instead of the usual; 0: none at all'),
  })
  .describe('A time of day in which something else holds')
export type Schedule = z.infer<typeof Schedule>

/** The settings without their defaults: each may be absent. */
export const settings = {
  persona: word.describe('The device that the sensor plays'),
  services: z.record(word, portList).describe('Ports of each service; a service that is not named does not listen'),
  any: z
    .strictObject({ tcp: z.array(ports).default([]), udp: z.array(ports).default([]) })
    .describe('Ports and ranges where first bytes are recorded'),
  limits: z
    .strictObject({
      sessions: whole(1, 1_000_000).default(12_000).describe('Conversations at once'),
      perSource: whole(1, 1_000_000).default(256).describe('Conversations at once of one source'),
      idleMs: whole(1000, 86_400_000).default(180_000).describe('Milliseconds without a byte'),
      totalMs: whole(1000, 604_800_000).default(3_600_000).describe('Milliseconds in all'),
      bytes: whole(1024, 2 ** 40)
        .default(64 * 1024 * 1024)
        .describe('Bytes received in one conversation'),
    })
    .describe('Limits'),
  spoolBytes: whole(1024 * 1024, 2 ** 40).describe('Bytes that events may take on disk'),
  spoolDays: whole(1, 3650).describe('Days that an event may wait for the hub'),
  upload: z
    .strictObject({
      bytesPerSecond: whole(1000, 2 ** 40)
        .optional()
        .describe('At most so many bytes a second to the hub'),
      artifactBytes: whole(0, 2 ** 26)
        .default(2 ** 25)
        .describe('Larger artifacts are told by their hash only'),
    })
    .describe('What goes to the hub'),
  schedules: z.array(Schedule).max(32).describe('Times of day in which something else holds'),
} as const

/** A document of desired state: any of the settings, for a sensor or a group. */
export const Settings = z.strictObject({
  persona: settings.persona.optional(),
  services: settings.services.optional(),
  any: settings.any.optional(),
  limits: settings.limits.partial().optional(),
  spoolBytes: settings.spoolBytes.optional(),
  spoolDays: settings.spoolDays.optional(),
  upload: settings.upload.partial().optional(),
  schedules: settings.schedules.optional(),
})

/** The schedules that hold at a moment. */
export const holding = (schedules: readonly Schedule[], at: Date): Schedule[] =>
  schedules.filter(({ days: on, from, to }) => {
    const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
    const now = at.getUTCHours() * 60 + at.getUTCMinutes()
    const day = (shift: number) => days[(at.getUTCDay() + 6 + shift) % 7] ?? 'mon'
    const [begin, end] = [minutes(from), minutes(to)]
    if (begin < end) return on.includes(day(0)) && now >= begin && now < end
    return (on.includes(day(0)) && now >= begin) || (on.includes(day(-1)) && now < end)
  })
