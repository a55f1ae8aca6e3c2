// SSH daemons as data: each is an exact copy of a real one. Recorded with scripts/compare-ssh.mjs, which also tells where
// ours still differs; docs/fidelity.md has the table.

/** An SSH daemon. Lists stand in its order. */
export interface SshDaemon {
  /** How it behaves where that is no matter of lists. */
  readonly family: 'openssh' | 'openssh-7' | 'dropbear'
  readonly ident: string
  readonly kex: readonly string[]
  readonly hostKeyAlgorithms: readonly string[]
  readonly ciphers: readonly string[]
  readonly macs: readonly string[]
  readonly compression: readonly string[]
  /** What it tells with EXT_INFO (RFC 8308): nothing when empty. */
  readonly extensions: readonly (readonly [name: string, value: string])[]
  /** Extensions of its sftp-server, in its order; none where there is no such program. */
  readonly sftp: readonly (readonly [name: string, version: string])[]
  /** How many lines a client may send before its identification. */
  readonly preamble?: number
  /** How one may sign in, as it names it after a failure. */
  readonly methods: readonly string[]
}

const ecdh = ['ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521']
const curve25519 = ['curve25519-sha256', 'curve25519-sha256@libssh.org']
const groups = [
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
]
const sntrup = 'sntrup761x25519-sha512'
const strict = 'kex-strict-s-v00@openssh.com'
const ecdsaSignatures = 'ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com'
const rsaFirst = `ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,${ecdsaSignatures}`
const webauthn = 'webauthn-sk-ecdsa-sha2-nistp256@openssh.com'

const sftp = [
  ['posix-rename@openssh.com', '1'],
  ['statvfs@openssh.com', '2'],
  ['fstatvfs@openssh.com', '2'],
  ['hardlink@openssh.com', '1'],
  ['fsync@openssh.com', '1'],
  ['lsetstat@openssh.com', '1'],
] as const
/** Since 8.6, and since 9.1. */
const sftp86 = [...sftp, ['limits@openssh.com', '1'], ['expand-path@openssh.com', '1']] as const
const sftp91 = [
  ...sftp86,
  ['copy-data', '1'],
  ['home-directory', '1'],
  ['users-groups-by-id@openssh.com', '1'],
] as const

/** What OpenSSH has had since 7.6 without a change. */
const openssh = {
  family: 'openssh',
  hostKeyAlgorithms: ['rsa-sha2-512', 'rsa-sha2-256', 'ecdsa-sha2-nistp256', 'ssh-ed25519'],
  ciphers: [
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
  ],
  macs: [
    'umac-64-etm@openssh.com',
    'umac-128-etm@openssh.com',
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'umac-64@openssh.com',
    'umac-128@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
  ],
  compression: ['none', 'zlib@openssh.com'],
  sftp,
  methods: ['publickey', 'password'],
} as const

const dropbear = {
  family: 'dropbear',
  kex: [
    ...curve25519,
    ...[...ecdh].reverse(),
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group14-sha1',
    'kexguess2@matt.ucc.asn.au',
  ],
  compression: ['zlib@openssh.com', 'none'],
  sftp: [],
  methods: ['publickey', 'password'],
} as const

/** What OpenSSH tells since 9.6. */
const later: SshDaemon['extensions'] = [
  [
    'server-sig-algs',
    'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256',
  ],
  ['publickey-hostbound@openssh.com', '0'],
  ['ping@openssh.com', '0'],
]
const withRsa1 = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-ed25519']

/** Every daemon, by name: the one place to add one. */
export const sshDaemons = {
  // CentOS 7; of its own words (sshd_config(5), kex.c and cipher.c of 7.4p1), as it cannot be installed any more
  'openssh-7.4': {
    ...openssh,
    family: 'openssh-7',
    ident: 'SSH-2.0-OpenSSH_7.4',
    kex: [
      ...curve25519,
      ...ecdh,
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group1-sha1',
    ],
    hostKeyAlgorithms: ['ssh-rsa', 'rsa-sha2-512', 'rsa-sha2-256', 'ecdsa-sha2-nistp256', 'ssh-ed25519'],
    ciphers: [...openssh.ciphers, 'aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'blowfish-cbc', 'cast128-cbc', '3des-cbc'],
    extensions: [['server-sig-algs', 'rsa-sha2-256,rsa-sha2-512']],
    sftp: sftp.slice(0, 5),
    methods: ['publickey', 'gssapi-keyex', 'gssapi-with-mic', 'password'],
  },
  // Ubuntu 20.04
  'openssh-8.2': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_8.2p1 Ubuntu-4ubuntu0.13',
    kex: [...curve25519, ...ecdh, ...groups, strict],
    hostKeyAlgorithms: withRsa1,
    extensions: [['server-sig-algs', rsaFirst]],
  },
  // A storage box's own build, described: the lists of its release, without what was brought back to it later
  'openssh-8.2-nas': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_8.2',
    kex: [...curve25519, ...ecdh, ...groups],
    hostKeyAlgorithms: withRsa1,
    extensions: [['server-sig-algs', rsaFirst]],
    methods: ['publickey', 'password', 'keyboard-interactive'],
  },
  // Debian 11
  'openssh-8.4': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3',
    kex: [...curve25519, ...ecdh, ...groups, strict],
    hostKeyAlgorithms: withRsa1,
    extensions: [['server-sig-algs', `${rsaFirst},${webauthn}`]],
  },
  // Ubuntu 22.04
  'openssh-8.9': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.18',
    sftp: sftp86,
    kex: [...curve25519, ...ecdh, `${sntrup}@openssh.com`, ...groups, strict],
    extensions: [
      ['server-sig-algs', `${rsaFirst},${webauthn}`],
      ['publickey-hostbound@openssh.com', '0'],
    ],
  },
  // Debian 12
  'openssh-9.2': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10',
    sftp: sftp91,
    kex: [sntrup, `${sntrup}@openssh.com`, ...curve25519, ...ecdh, ...groups, strict],
    extensions: [
      [
        'server-sig-algs',
        `ssh-ed25519,sk-ssh-ed25519@openssh.com,${ecdsaSignatures},${webauthn},ssh-dss,ssh-rsa,rsa-sha2-256,rsa-sha2-512`,
      ],
      ['publickey-hostbound@openssh.com', '0'],
    ],
  },
  // Ubuntu 24.04
  'openssh-9.6': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.20',
    sftp: sftp91,
    kex: [`${sntrup}@openssh.com`, ...curve25519, ...ecdh, ...groups, 'ext-info-s', strict],
    extensions: later,
  },
  // Debian 13
  'openssh-10.0': {
    ...openssh,
    ident: 'SSH-2.0-OpenSSH_10.0p2 Debian-7+deb13u4',
    sftp: sftp91,
    kex: ['mlkem768x25519-sha256', sntrup, `${sntrup}@openssh.com`, ...curve25519, ...ecdh, 'ext-info-s', strict],
    ciphers: [
      'chacha20-poly1305@openssh.com',
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
    extensions: later,
  },
  // Ubuntu 20.04's package; cameras and older routers
  'dropbear-2019.78': {
    ...dropbear,
    ident: 'SSH-2.0-dropbear_2019.78',
    preamble: 50,
    hostKeyAlgorithms: ['ecdsa-sha2-nistp256', 'ssh-rsa'],
    ciphers: ['aes128-ctr', 'aes256-ctr', 'aes128-cbc', 'aes256-cbc', '3des-ctr', '3des-cbc'],
    macs: ['hmac-sha1-96', 'hmac-sha1', 'hmac-sha2-256'],
    extensions: [],
  },
  // Ubuntu 22.04's package
  'dropbear-2020.81': {
    ...dropbear,
    ident: 'SSH-2.0-dropbear_2020.81',
    kex: [...dropbear.kex, strict],
    hostKeyAlgorithms: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256', 'ssh-rsa'],
    ciphers: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
    macs: ['hmac-sha1', 'hmac-sha2-256'],
    extensions: [
      [
        'server-sig-algs',
        'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,ssh-rsa,ssh-dss',
      ],
    ],
  },
  // Debian 12's package
  'dropbear-2022.83': {
    ...dropbear,
    ident: 'SSH-2.0-dropbear_2022.83',
    kex: [...dropbear.kex, strict],
    hostKeyAlgorithms: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256', 'ssh-rsa'],
    ciphers: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
    macs: ['hmac-sha1', 'hmac-sha2-256'],
    extensions: [
      ['server-sig-algs', `ssh-ed25519,sk-ssh-ed25519@openssh.com,${ecdsaSignatures},rsa-sha2-256,ssh-rsa,ssh-dss`],
    ],
  },
} as const satisfies Record<string, SshDaemon>

export type SshDaemonName = keyof typeof sshDaemons
