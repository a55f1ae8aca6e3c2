import type { Machine } from './machine.ts'
import type { Credential } from './persona.ts'

// What a server draws from its seed: names, passwords, processors.

/** A processor of a PC. */
export type Processor = Pick<Machine['cpu'], 'model' | 'number' | 'stepping' | 'mhz' | 'cacheKb'>

/** Passwords of root that are tried everywhere. */
export const rootPasswords = [
  'root',
  'admin',
  '123456',
  'password',
  '12345678',
  'toor',
  'qwerty',
  '1234',
  '12345',
  'test',
  '123456789',
  'abc123',
  '111111',
  'P@ssw0rd',
  'admin123',
  'root123',
  'server',
  'changeme',
  '1q2w3e4r',
  'passw0rd',
] as const
/** Accounts with the passwords that are tried for them. */
export const accounts: readonly Credential[] = [
  { user: 'admin', password: 'admin' },
  { user: 'test', password: 'test' },
  { user: 'ubuntu', password: 'ubuntu' },
  { user: 'oracle', password: 'oracle' },
  { user: 'postgres', password: 'postgres' },
  { user: 'ftpuser', password: 'ftpuser' },
  { user: 'deploy', password: 'deploy' },
  { user: 'backup', password: 'backup123' },
  { user: 'support', password: 'support' },
  { user: 'user', password: 'user' },
]
/** What a small server is called, and who runs it. */
export const hosts = [
  'mail',
  'web',
  'db',
  'app',
  'files',
  'mon',
  'backup',
  'gw',
  'dev',
  'build',
  'proxy',
  'ns',
] as const
export const orgs = [
  'northbay',
  'lagoon',
  'kauri',
  'meridian',
  'coralnet',
  'highland',
  'tamarind',
  'monsoon',
  'banyan',
  'reef',
] as const
/** What its web site is for. */
export const products = [
  'Fleet Manager',
  'Water Telemetry',
  'School Records',
  'Stock Control',
  'Clinic Bookings',
  'Harbour Desk',
] as const

/** What it may run on. */
export const cpus: readonly Processor[] = [
  { model: 'Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz', number: 79, stepping: 1, mhz: '2399.998', cacheKb: 35_840 },
  { model: 'Intel(R) Xeon(R) CPU E5-2650 v3 @ 2.30GHz', number: 63, stepping: 2, mhz: '2299.996', cacheKb: 25_600 },
  { model: 'Intel(R) Xeon(R) Gold 6140 CPU @ 2.30GHz', number: 85, stepping: 4, mhz: '2294.608', cacheKb: 25_344 },
  { model: 'Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz', number: 85, stepping: 7, mhz: '2194.842', cacheKb: 16_896 },
]

export const flags =
  'fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx ' +
  'pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid ' +
  'sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm abm ' +
  '3dnowprefetch cpuid_fault invpcid_single pti ssbd ibrs ibpb fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid ' +
  'rdseed adx smap xsaveopt arat umip arch_capabilities'
