export { fetchPayload, NotFetched, type Caps, type Payload } from './fetch.ts'
export { Guard } from './guard.ts'
export { work, type FetcherOptions } from './work.ts'
