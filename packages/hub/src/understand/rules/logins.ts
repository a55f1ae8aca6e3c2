import { rule } from '../rule.ts'

const guessing = { id: 'T1110.001', name: 'Password Guessing', tactic: 'Credential Access' }

export const logins = [
  rule({
    id: 'ssh-logins',
    title: 'tried to sign in by SSH',
    technique: guessing,
    severity: 'high',
    cause: 'ssh-bruteforce',
    when: "kind = 'auth.attempt' AND service = 'ssh'",
  }),
  rule({
    id: 'telnet-logins',
    title: 'tried to sign in by Telnet, as IoT botnets do',
    technique: guessing,
    severity: 'high',
    cause: 'iot-botnet',
    when: "kind = 'auth.attempt' AND service = 'telnet'",
  }),
  rule({
    id: 'other-logins',
    title: 'tried to sign in to a service',
    technique: guessing,
    severity: 'high',
    cause: 'login-bruteforce',
    when: "kind = 'auth.attempt' AND service NOT IN ('ssh', 'telnet')",
  }),
]
