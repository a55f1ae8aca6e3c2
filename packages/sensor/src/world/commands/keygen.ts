import { generateKeyPairSync, createHash, type KeyObject } from 'node:crypto'
import { parentOf, resolvePath } from '../node.ts'
import { keyFiles } from '../openssh.ts'
import { before } from '../version.ts'
import { complain, say, type Command, type Io, type Result } from './command.ts'

const kinds: Readonly<Record<string, { file: string; label: string; make: (bits: number) => KeyObject }>> = {
  rsa: {
    file: 'id_rsa',
    label: 'rsa',
    // What takes longer than a line may is made as long as it can be.
    make: (bits) =>
      generateKeyPairSync('rsa', { modulusLength: Math.max(1024, Math.min(4096, bits || 3072)) }).privateKey,
  },
  ed25519: { file: 'id_ed25519', label: 'ed25519', make: () => generateKeyPairSync('ed25519').privateKey },
  ecdsa: {
    file: 'id_ecdsa',
    label: 'ecdsa',
    make: (bits) =>
      generateKeyPairSync('ec', { namedCurve: bits === 384 ? 'secp384r1' : bits === 521 ? 'secp521r1' : 'prime256v1' })
        .privateKey,
  },
}

/** A public key's line: what ssh-keygen -l tells of it. */
function told(line: string): string | undefined {
  const [type = '', text = '', ...comment] = line.trim().split(/\s+/)
  const blob = Buffer.from(text, 'base64')
  if (!/^(?:ssh-|ecdsa-)/.test(type) || blob.length < 20) return undefined
  const name = type === 'ssh-rsa' ? 'RSA' : type === 'ssh-ed25519' ? 'ED25519' : type === 'ssh-dss' ? 'DSA' : 'ECDSA'
  const bits =
    name === 'RSA' ? Math.ceil((blob.length - 23) / 32) * 256 : Number(/nistp(\d{3})$/.exec(type)?.[1] ?? 256)
  const print = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return `${bits} SHA256:${print} ${comment.join(' ') || 'no comment'} (${name})\n`
}

const keygen: Command = (args, io) => {
  const { options, flags } = read(args)
  const text = (path: string): string | undefined => {
    try {
      return Buffer.from(io.fs.content(resolvePath(io.cwd, path))).toString('utf8', 0, 16_384)
    } catch {
      return undefined
    }
  }
  const file = options.get('f')
  const usual = before(io.machine.versions['openssh-client'], '9.5') ? 'rsa' : 'ed25519'
  const kind = kinds[(options.get('t') ?? usual).toLowerCase()]
  if (kind === undefined) return complain(`unknown key type ${options.get('t')}\n`, 255)
  if (options.has('R')) {
    const known = file ?? `${io.user.home}/.ssh/known_hosts`
    return text(known) === undefined
      ? complain(`Cannot stat ${known}: No such file or directory\n`, 255)
      : complain(`Host ${options.get('R')} not found in ${known}\n`, 0)
  }
  const standard = `${io.user.home}/.ssh/${kind.file}`
  if (flags.has('l') || flags.has('y')) {
    const path = file ?? standard
    const open = text(`${path}.pub`) ?? text(path)
    if (open === undefined)
      return complain(`${flags.has('y') ? '' : 'ssh-keygen: '}${path}: No such file or directory\n`, 255)
    if (flags.has('y')) return say(open)
    const lines = open
      .split('\n')
      .slice(0, 100)
      .flatMap((line) => told(line) ?? [])
    return lines.length === 0 ? complain(`${path} is not a public key file.\n`, 255) : say(lines.join(''))
  }
  return generate(kind, file, options, flags.has('q'), standard, io)
}

async function generate(
  { label, make }: (typeof kinds)[string],
  file: string | undefined,
  options: ReadonlyMap<string, string>,
  quiet: boolean,
  standard: string,
  io: Io,
): Promise<Result> {
  let answers: string[] | undefined
  /** The next line of the input, which is read when something is asked. */
  const answer = (): string | undefined => (answers ??= io.stdin.split('\n')).shift()
  let out = quiet ? '' : `Generating public/private ${label} key pair.\n`
  let path = file
  if (path === undefined) {
    out += `Enter file in which to save the key (${standard}): `
    path = answer()?.trim() || standard
  }
  const full = resolvePath(io.cwd, path)
  try {
    const folder = parentOf(full)
    if (io.fs.node(folder) === undefined && folder === `${io.user.home}/.ssh`) {
      await io.fs.mkdir(folder, { recursive: true })
      await io.fs.chmod(folder, 0o700)
      if (!quiet) out += `Created directory '${folder}'.\n`
    }
    if (io.fs.node(full) !== undefined) {
      out += `${path} already exists.\nOverwrite (y/n)? `
      if (!/^y/i.test(answer() ?? '')) return { out, code: 1 }
    }
    if (!options.has('N')) {
      out += 'Enter passphrase (empty for no passphrase): Enter same passphrase again: '
      answer()
      answer()
    }
    const pair = keyFiles(
      make(Number(options.get('b') ?? 0)),
      options.get('C') ?? `${io.user.name}@${io.machine.hostname}`,
    )
    io.fs.write(full, Buffer.from(pair.secret), true)
    await io.fs.chmod(full, 0o600)
    io.fs.write(`${full}.pub`, Buffer.from(pair.open), true)
    if (quiet) return { out }
    const comment = pair.open.trim().split(' ').slice(2).join(' ')
    return {
      out: `${out}Your identification has been saved in ${path}\nYour public key has been saved in ${path}.pub\nThe key fingerprint is:\n${pair.fingerprint} ${comment}\nThe key's randomart image is:\n${pair.art}`,
    }
  } catch (error) {
    const words = (error as { words?: string }).words ?? 'Permission denied'
    return { out, err: `Saving key "${path}" failed: ${words}\n`, code: 1 }
  }
}

/** Options with a value, and those without. */
function read(args: readonly string[]): { options: Map<string, string>; flags: Set<string> } {
  const options = new Map<string, string>()
  const flags = new Set<string>()
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (!/^-[A-Za-z]/.test(arg)) continue
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] ?? ''
      if (!'abCDEFfGIiJjKMmNnOPRrSsTtVWYZzw'.includes(letter)) flags.add(letter)
      else {
        options.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++i] ?? ''))
        break
      }
    }
  }
  return { options, flags }
}

const firewall: Command = (args, io) => {
  if (io.user.uid !== 0) return complain('ERROR: You need to be root to run this script\n', 1)
  const words = args.filter((arg) => !arg.startsWith('-'))
  switch (words[0]) {
    case 'disable':
      return say('Firewall stopped and disabled on system startup\n')
    case 'enable':
      return say(
        `${args.includes('--force') ? '' : 'Command may disrupt existing ssh connections. Proceed with operation (y|n)? '}Firewall is active and enabled on system startup\n`,
      )
    case 'status':
      return say('Status: inactive\n')
    case 'reload':
      return say('Firewall not enabled (skipping reload)\n')
    case 'allow':
    case 'deny':
    case 'reject':
    case 'limit':
      return say('Rules updated\nRules updated (v6)\n')
    case 'delete':
      return say('Could not delete non-existent rule\nCould not delete non-existent rule (v6)\n')
    case undefined:
      return complain('ERROR: not enough args\n', 1)
    default:
      return complain('ERROR: Invalid syntax\n', 1)
  }
}

/** Programs around keys and doors. */
export const keys: Readonly<Record<string, Command>> = {
  'ssh-keygen': keygen,
  ufw: firewall,
  htop: (_, { env }) => ((env.get('TERM') ?? '') === '' ? complain('Error opening terminal: unknown.\n', 1) : say('')),
}
