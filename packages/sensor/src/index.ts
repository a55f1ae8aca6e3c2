export {
  ConfigError,
  configSchema,
  loadConfig,
  parseConfig,
  parseRaw,
  readConfigFile,
  SensorConfig,
  standardPorts,
} from './config.ts'
export { Outbox } from './evidence/outbox.ts'
export { extractUrls } from './evidence/extract.ts'
export { loadIdentity } from './identity.ts'
export { hubAddress, joinHub, JoinFailed, tryOut } from './join.ts'
export { loadMembership, newKey, ownKey, publicHalf, saveMembership, type Membership } from './membership.ts'
export { Recorder } from './runtime/recorder.ts'
export { proxyHeader } from './runtime/proxy.ts'
export { startSensor, type Sensor, type SensorOptions } from './sensor.ts'
export { Spool } from './spool/spool.ts'
export { Heart } from './uplink/heart.ts'
export { Link, retryAfter } from './uplink/link.ts'
export { chooseRelease, startAgain } from './uplink/upgrade.ts'
export { Uplink } from './uplink/uplink.ts'
