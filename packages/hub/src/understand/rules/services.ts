import { matches, rule, type Rule } from '../rule.ts'

const request = (pattern: RegExp): string => `kind = 'request' AND ${matches("concat(target, ' ', body)", pattern)}`
const exploit = { id: 'T1190', name: 'Exploit Public-Facing Application', tactic: 'Initial Access' }

/** What was asked of web servers, stores, proxies. */
export const services: readonly Rule[] = [
  rule({
    id: 'web-exploit',
    title: 'tried to exploit a web application or a router',
    technique: exploit,
    severity: 'critical',
    cause: 'web-exploiter',
    when: `kind = 'exploit.match' OR (${request(
      /\.\.(\/|%2f)|%2e%2e|\/etc\/passwd|(;|%3b|\||`|\$\()\s*(wget|curl|cd|rm|sh|busybox)\b|\$\{jndi:|eval-stdin\.php|\/cgi-bin\/.*(;|%3b|\$)|\/(boaform|GponForm|HNAP1|setup\.cgi|shell\?)|think\\?app|invokefunction|\/_ignition\/|class\.module\.classLoader|allow_url_include|\/wls-wsat\//i,
    )})`,
  }),
  rule({
    id: 'web-probe',
    title: 'asked web servers for what it might exploit',
    technique: { id: 'T1595.002', name: 'Vulnerability Scanning', tactic: 'Reconnaissance' },
    severity: 'medium',
    cause: 'scanner',
    when: "kind = 'request' AND method != 'CONNECT'",
  }),
  rule({
    id: 'docker-api',
    title: 'tried to start a container through an open Docker interface',
    technique: { id: 'T1610', name: 'Deploy Container', tactic: 'Execution' },
    severity: 'critical',
    cause: 'docker-worm',
    when: request(/^(\/v1\.\d+)?\/(containers\/create|images\/create|exec\/|containers\/[^ ]+\/(start|exec))/),
  }),
  rule({
    id: 'redis-takeover',
    title: 'tried to take over a machine through Redis',
    technique: exploit,
    severity: 'critical',
    cause: 'redis-worm',
    when: `kind = 'query' AND ${matches(
      'statement',
      /^(config\s+set\s+(dir|dbfilename|rdbcompression)|slaveof\s|replicaof\s|module\s+load|eval\s|set\s+.*(cron|wget|curl|ssh-rsa))/i,
    )}`,
  }),
  rule({
    id: 'store-probe',
    title: 'spoke to a database or key-value store',
    technique: { id: 'T1595.002', name: 'Vulnerability Scanning', tactic: 'Reconnaissance' },
    severity: 'medium',
    cause: 'scanner',
    when: "kind = 'query'",
  }),
  rule({
    id: 'proxy',
    title: 'tried to go elsewhere through us, as through an open proxy',
    technique: { id: 'T1090.002', name: 'External Proxy', tactic: 'Command and Control' },
    severity: 'high',
    cause: 'proxy-abuse',
    when: "kind IN ('forward.request', 'forward.data') OR (kind = 'request' AND method = 'CONNECT')",
  }),
  rule({
    id: 'probe',
    title: 'connected to services that nobody offers',
    technique: { id: 'T1595.001', name: 'Scanning IP Blocks', tactic: 'Reconnaissance' },
    severity: 'low',
    cause: 'scanner',
    when: "kind = 'session.open'",
  }),
]
