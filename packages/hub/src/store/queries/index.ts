// Every named query, one a file.
export * from './breakdown.ts'
export * from './events.ts'
export * from './networks.ts'
export * from './sessions.ts'
export * from './sightings.ts'
export * from './sources.ts'
export * from './timeline.ts'
export * from './totals.ts'
