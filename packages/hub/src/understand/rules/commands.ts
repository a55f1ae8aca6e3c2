import { matches, rule, type Rule } from '../rule.ts'

const line = (pattern: RegExp): string => `kind = 'command.run' AND ${matches('line', pattern)}`
/** A rule about what is typed: the condition, and the pattern for detectors that look at command lines elsewhere. */
const typed = (pattern: RegExp) => ({ when: line(pattern), typed: pattern })

const persistence = /crontab\s|\/etc\/cron|rc\.local|systemctl\s+enable|\/etc\/init\.d\//
const passwordChange = /\bchpasswd\b|\bpasswd\s|\|\s*passwd\b/

/** What was typed into a shell, or handed to one. */
export const commands: readonly Rule[] = [
  rule({
    id: 'busybox-token',
    title: 'asked BusyBox for an applet that does not exist, the mark of Mirai and its kin',
    technique: { id: 'T1059.004', name: 'Unix Shell', tactic: 'Execution' },
    severity: 'critical',
    cause: 'iot-botnet',
    ...typed(/busybox\s+[A-Z0-9]{3,14}\s*($|;|\|)/),
  }),
  rule({
    id: 'miner',
    title: 'brought or looked for a cryptocurrency miner',
    technique: { id: 'T1496.001', name: 'Compute Hijacking', tactic: 'Impact' },
    severity: 'critical',
    cause: 'miner',
    when: `kind IN ('command.run', 'query', 'request', 'payload.seen') AND ${matches(
      'concat(line, statement, target, body, url)',
      /xmrig|minerd|cpuminer|stratum\+(tcp|ssl)|kinsing|kdevtmpfsi|c3pool|nanopool|moneroocean|minexmr|supportxmr|cryptonight|randomx/i,
    )}`,
  }),
  rule({
    id: 'discovery',
    title: 'looked around: system, processor, memory, users',
    technique: { id: 'T1082', name: 'System Information Discovery', tactic: 'Discovery' },
    severity: 'medium',
    cause: 'ssh-bruteforce',
    ...typed(
      /\b(uname|lscpu|nproc|lspci|whoami|ifconfig|dmidecode)\b|\/proc\/(cpuinfo|meminfo|mounts|version)|\bfree\s+-|\/etc\/(issue|os-release)/,
    ),
  }),
  rule({
    id: 'history-cleared',
    title: 'wiped its traces',
    technique: { id: 'T1070.003', name: 'Clear Command History', tactic: 'Defense Evasion' },
    severity: 'high',
    cause: 'ssh-worm',
    ...typed(/history\s+-c|unset\s+HIST|HISTFILE=|HISTSIZE=0|\.bash_history/),
  }),
  rule({
    id: 'defences-down',
    title: 'turned defences off',
    technique: { id: 'T1562.004', name: 'Disable or Modify System Firewall', tactic: 'Defense Evasion' },
    severity: 'high',
    cause: 'ssh-worm',
    ...typed(
      /iptables\s+(-F|-P\s+INPUT\s+ACCEPT)|ufw\s+disable|setenforce\s+0|(stop|disable)\s+(firewalld|iptables|apparmor)/,
    ),
  }),
  rule({
    id: 'rivals-killed',
    title: 'ended the programs of other intruders',
    technique: { id: 'T1489', name: 'Service Stop', tactic: 'Impact' },
    severity: 'high',
    cause: 'miner',
    ...typed(/\b(pkill|killall)\s|\bkill\s+-9\s/),
  }),
  rule({
    id: 'binary-dropped',
    title: 'wrote a program byte by byte',
    technique: { id: 'T1027', name: 'Obfuscated Files or Information', tactic: 'Defense Evasion' },
    severity: 'critical',
    cause: 'iot-botnet',
    ...typed(/echo\s+-[ne]+\s+['"]?(\\\\?x[0-9a-f]{2}){4}|base64\s+(-d|--decode)/i),
  }),
  rule({
    id: 'payload',
    title: 'fetched a program from elsewhere',
    technique: { id: 'T1105', name: 'Ingress Tool Transfer', tactic: 'Command and Control' },
    severity: 'critical',
    cause: 'malware',
    when: "kind = 'payload.seen'",
  }),
  rule({
    id: 'artifact',
    title: 'left a file',
    technique: { id: 'T1105', name: 'Ingress Tool Transfer', tactic: 'Command and Control' },
    severity: 'critical',
    cause: 'malware',
    when: "kind = 'artifact.stored'",
  }),
  rule({
    id: 'key-planted',
    title: 'planted an SSH key for itself',
    technique: { id: 'T1098.004', name: 'SSH Authorized Keys', tactic: 'Persistence' },
    severity: 'critical',
    cause: 'ssh-worm',
    when: "kind = 'key.planted'",
  }),
  rule({
    id: 'persistence',
    title: 'set itself up to come back',
    technique: { id: 'T1053.003', name: 'Cron', tactic: 'Persistence' },
    severity: 'critical',
    cause: 'malware',
    typed: persistence,
    when: `kind = 'persistence.added' OR (${line(persistence)})`,
  }),
  rule({
    id: 'password-changed',
    title: 'changed a password',
    technique: { id: 'T1098', name: 'Account Manipulation', tactic: 'Persistence' },
    severity: 'critical',
    cause: 'ssh-worm',
    typed: passwordChange,
    when: `kind = 'credential.changed' OR (${line(passwordChange)})`,
  }),
]
