export { sharing, Share } from './sharing.ts'
