import { Cursor, EndOfStream, Malformed, Reader } from '../../runtime/reader.ts'
import type { Session } from '../../runtime/service.ts'
import { Recording } from '../../evidence/recording.ts'
import { Shell } from '../../world/shell.ts'
import { Files } from '../../world/files.ts'
import { crlf } from '../../world/foreground.ts'
import { interact } from '../../world/terminal.ts'
import { playPeer } from './internet.ts'
import { rsyncOf, serveRsync } from './rsync/rsync.ts'
import { giveFiles, scpOf, takeFiles } from './scp.ts'
import { Sftp } from './sftp.ts'
import type { Transport } from './transport.ts'
import { bool, byte, msg, string, uint32 } from './wire.ts'

// The connection layer: RFC 4254.

const maxChannels = 10

/** One channel that the client opened. */
class Channel {
  readonly local: number
  readonly remote: number
  readonly input: Reader
  readonly packet: number
  #window: number
  #credit: number
  #consumed = 0
  #more: (() => void) | undefined
  readonly #transport: Transport
  closed = false
  ended = false
  pty: { terminal: string; width: number; height: number } | undefined
  recording: Recording | undefined
  readonly environment: [string, string][] = []
  readonly #interrupts = new AbortController()
  started = false

  constructor(transport: Transport, local: number, remote: number, window: number, packet: number) {
    this.#transport = transport
    this.local = local
    this.remote = remote
    this.#window = window
    this.packet = Math.min(packet, 32_768)
    this.input = new Reader()
    this.#credit = transport.family.window
  }

  /** @throws Malformed when the client sends more than it may */
  async received(bytes: Buffer): Promise<void> {
    if (bytes.length > this.#credit) throw new Malformed('channel data beyond the window')
    this.#credit -= bytes.length
    this.#consumed += bytes.length
    if (!this.ended) this.input.push(bytes)
    this.recording?.input(bytes)
    if (this.#consumed < this.#transport.family.window / 2) return
    const more = this.#consumed
    this.#consumed = 0
    this.#credit += more
    await this.#transport.send(Buffer.concat([byte(msg.CHANNEL_WINDOW_ADJUST), uint32(this.remote), uint32(more)]))
  }

  /** Told when what runs here is to end. */
  get interrupted(): AbortSignal {
    return this.#interrupts.signal
  }

  interrupt(): void {
    this.#interrupts.abort()
  }

  adjust(bytes: number): void {
    this.#window = Math.min(0xffff_ffff, this.#window + bytes)
    this.wake()
  }

  wake(): void {
    const more = this.#more
    this.#more = undefined
    more?.()
  }

  /** Sends data within the client's window and packet size. */
  async write(data: string | Uint8Array, extended = false): Promise<void> {
    let bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.length)
    this.recording?.output(bytes)
    while (bytes.length > 0) {
      if (this.closed) throw new EndOfStream('the channel is closed')
      const size = Math.min(bytes.length, this.#window, this.packet)
      if (size === 0) {
        await new Promise<void>((resolve) => {
          this.#more = resolve
        })
        continue
      }
      this.#window -= size
      const head = extended
        ? Buffer.concat([byte(msg.CHANNEL_EXTENDED_DATA), uint32(this.remote), uint32(1)])
        : Buffer.concat([byte(msg.CHANNEL_DATA), uint32(this.remote)])
      await this.#transport.send(Buffer.concat([head, string(bytes.subarray(0, size))]))
      bytes = bytes.subarray(size)
    }
  }

  /**
   * End of output, exit status, close; and that nothing is read any more, where the client still had its own end open
   * (eow@openssh.com, PROTOCOL §2.1: chan_write_failed in channels.c).
   */
  async finish(code: number | undefined): Promise<void> {
    if (this.closed) return
    const end = Buffer.concat([byte(msg.CHANNEL_EOF), uint32(this.remote)])
    const status =
      code === undefined
        ? []
        : [
            Buffer.concat([
              byte(msg.CHANNEL_REQUEST),
              uint32(this.remote),
              string('exit-status'),
              bool(false),
              uint32(code),
            ]),
            ...(this.ended || !this.#transport.hearsEndOfWrite
              ? []
              : [
                  Buffer.concat([
                    byte(msg.CHANNEL_REQUEST),
                    uint32(this.remote),
                    string('eow@openssh.com'),
                    bool(false),
                  ]),
                ]),
          ]
    const statusFirst = this.pty === undefined && Math.random() < this.#transport.family.statusFirst
    const messages = statusFirst ? [...status, end] : [end, ...status]
    messages.push(Buffer.concat([byte(msg.CHANNEL_CLOSE), uint32(this.remote)]))
    this.closed = true
    await this.#transport.send(...messages)
  }
}

/** Serves the channels of one signed-in user until the client leaves. */
export async function serveChannels(transport: Transport, session: Session, user: string): Promise<void> {
  const channels = new Map<number, Channel>()
  const work = new Set<Promise<void>>()
  const begin = (task: Promise<void>) => {
    const tracked = task
      .catch((error: unknown) => {
        if (!(error instanceof EndOfStream)) throw error
      })
      .finally(() => work.delete(tracked))
    work.add(tracked)
  }
  const find = (cursor: Cursor): Channel => {
    const channel = channels.get(cursor.u32())
    if (channel === undefined) throw new Malformed('message for a channel that is not open')
    return channel
  }
  let opened = 0
  try {
    for (;;) {
      const payload = await transport.read()
      const cursor = new Cursor(payload.subarray(1))
      switch (payload[0]) {
        case msg.GLOBAL_REQUEST:
          await globalRequest(transport, session, cursor)
          break
        case msg.CHANNEL_OPEN: {
          const channel = await open(transport, session, cursor, channels, opened++, begin)
          if (channel !== undefined) channels.set(channel.local, channel)
          break
        }
        case msg.CHANNEL_WINDOW_ADJUST:
          find(cursor).adjust(cursor.u32())
          break
        case msg.CHANNEL_DATA: {
          const channel = find(cursor)
          await channel.received(cursor.string())
          break
        }
        case msg.CHANNEL_EXTENDED_DATA: {
          const channel = find(cursor)
          cursor.u32()
          await channel.received(cursor.string())
          break
        }
        case msg.CHANNEL_EOF: {
          const channel = find(cursor)
          channel.ended = true
          channel.input.end()
          break
        }
        case msg.CHANNEL_CLOSE: {
          const channel = find(cursor)
          channel.input.end()
          if (!channel.closed) await transport.send(Buffer.concat([byte(msg.CHANNEL_CLOSE), uint32(channel.remote)]))
          channel.closed = true
          channel.wake()
          channels.delete(channel.local)
          break
        }
        case msg.CHANNEL_REQUEST:
          await channelRequest(transport, session, user, find(cursor), cursor, begin)
          break
        case msg.CHANNEL_OPEN_CONFIRMATION:
        case msg.CHANNEL_OPEN_FAILURE:
        case msg.CHANNEL_SUCCESS:
        case msg.CHANNEL_FAILURE:
        case msg.REQUEST_SUCCESS:
        case msg.REQUEST_FAILURE:
          break
        default:
          await transport.unimplemented()
      }
    }
  } finally {
    for (const channel of channels.values()) {
      channel.closed = true
      channel.input.end()
      channel.wake()
    }
    await Promise.allSettled(work)
  }
}

async function globalRequest(transport: Transport, { record }: Session, cursor: Cursor): Promise<void> {
  const name = cursor.string().toString('latin1')
  const reply = cursor.bool()
  if (name === 'hostkeys-prove-00@openssh.com') {
    const blobs: Buffer[] = []
    while (cursor.left > 0 && blobs.length < 8) blobs.push(Buffer.from(cursor.string()))
    const proofs = blobs.length === 0 ? undefined : transport.proveKeys(blobs)
    if (reply)
      await transport.send(
        proofs === undefined
          ? byte(msg.REQUEST_FAILURE)
          : Buffer.concat([byte(msg.REQUEST_SUCCESS), ...proofs.map((proof) => string(proof))]),
      )
    return
  }
  if (name === 'tcpip-forward')
    record('forward.request', { host: cursor.string().toString('utf8'), port: cursor.u32() & 0xffff, method: name })
  if (reply) await transport.send(byte(msg.REQUEST_FAILURE))
}

async function open(
  transport: Transport,
  session: Session,
  cursor: Cursor,
  channels: ReadonlyMap<number, Channel>,
  local: number,
  begin: (task: Promise<void>) => void,
): Promise<Channel | undefined> {
  const type = cursor.string().toString('latin1')
  const [remote, window, packet] = [cursor.u32(), cursor.u32(), cursor.u32()]
  const refuse = async (code: number, reason: string) => {
    await transport.send(
      Buffer.concat([byte(msg.CHANNEL_OPEN_FAILURE), uint32(remote), uint32(code), string(reason), string('')]),
    )
    return undefined
  }
  // A packet size of nothing would have us send nothing for ever.
  if (packet === 0 || channels.size >= maxChannels || local > 10_000) return refuse(4, 'open failed')
  const confirm = async () => {
    const channel = new Channel(transport, local, remote, window, packet)
    await transport.send(
      Buffer.concat([
        byte(msg.CHANNEL_OPEN_CONFIRMATION),
        uint32(remote),
        uint32(local),
        uint32(type === 'session' && transport.family.lateWindow ? 0 : transport.family.window),
        uint32(transport.family.packet),
      ]),
    )
    return channel
  }
  if (type === 'session') return confirm()
  if (type === 'direct-tcpip') {
    const [host, port] = [cursor.string().toString('utf8'), cursor.u32() & 0xffff]
    session.record('forward.request', { host, port, method: type })
    const channel = await confirm()
    begin(
      playPeer({ input: channel.input, write: (data) => channel.write(data) }, session, host, port).finally(() =>
        channel.finish(undefined),
      ),
    )
    return channel
  }
  return refuse(1, 'administratively prohibited: open failed')
}

async function channelRequest(
  transport: Transport,
  session: Session,
  user: string,
  channel: Channel,
  cursor: Cursor,
  begin: (task: Promise<void>) => void,
): Promise<void> {
  const type = cursor.string().toString('latin1')
  const reply = cursor.bool()
  let granted = false
  let run: (() => Promise<void>) | undefined
  switch (type) {
    case 'env': {
      const [name, value] = [cursor.string().toString('utf8'), cursor.string().toString('utf8')]
      session.record('client.hello', { options: [`${name}=${value}`] })
      // As sshd_config has it: AcceptEnv LANG LC_*.
      granted = /^(?:LANG|LC_\w{1,32})$/.test(name)
      if (granted && channel.environment.length < 32) channel.environment.push([name, value])
      break
    }
    case 'pty-req': {
      const terminal = cursor.string().toString('utf8').slice(0, 64)
      const [width, height] = [cursor.u32(), cursor.u32()]
      channel.pty = { terminal, width, height }
      session.record('client.hello', { options: [`TERM=${terminal}`, `size=${width}x${height}`] })
      granted = true
      break
    }
    case 'window-change': {
      const [width, height] = [cursor.u32(), cursor.u32()]
      channel.recording?.resize(width, height)
      if (channel.pty !== undefined) channel.pty = { ...channel.pty, width, height }
      granted = true
      break
    }
    case 'shell':
      if (channel.started) break
      granted = channel.started = true
      run = () => shell(session, channel, user)
      break
    case 'exec': {
      if (channel.started) break
      const line = Buffer.from(cursor.string())
      granted = channel.started = true
      run = () => exec(session, channel, user, line)
      break
    }
    case 'subsystem': {
      const name = cursor.string().toString('utf8').slice(0, 64)
      session.record('client.hello', { options: [`subsystem=${name}`] })
      if (name !== 'sftp' || channel.started) break
      granted = channel.started = true
      run = async () => {
        // Small devices have no such program: their shell says so.
        if (session.persona.ssh.sftp.length === 0) {
          await channel.write('sh: /usr/libexec/sftp-server: not found\n', true)
          return channel.finish(127)
        }
        const files = new Sftp(session, new Shell(session, user).user)
        await files.serve(channel.input, (bytes) => channel.write(bytes))
        await channel.finish(0)
      }
      break
    }
    case 'signal':
      // Since OpenSSH 7.9 (session_signal_req): those that end a program end it.
      if (/^(?:HUP|INT|KILL|QUIT|TERM)$/.test(cursor.string().toString('latin1'))) channel.interrupt()
      granted = true
      break
    case 'break':
      granted = true
      break
    case 'auth-agent-req@openssh.com':
    case 'x11-req':
      session.record('client.hello', { options: [type] })
      break
    default:
  }
  // OpenSSH opens a session's window when its program starts, before the answer.
  if (run !== undefined && transport.family.lateWindow)
    await transport.send(
      Buffer.concat([byte(msg.CHANNEL_WINDOW_ADJUST), uint32(channel.remote), uint32(transport.family.window)]),
    )
  if (reply)
    await transport.send(
      Buffer.concat([byte(granted ? msg.CHANNEL_SUCCESS : msg.CHANNEL_FAILURE), uint32(channel.remote)]),
    )
  if (run !== undefined) begin(run())
}

function openShell(session: Session, channel: Channel, user: string): Shell {
  const made = new Shell(session, user)
  for (const [name, value] of channel.environment) made.setEnv(name, value)
  if (channel.pty !== undefined) {
    made.setEnv('TERM', channel.pty.terminal)
    channel.recording = new Recording(channel.pty.width || 80, channel.pty.height || 24, channel.pty.terminal)
  }
  return made
}

function closeRecording({ record, outbox }: Session, channel: Channel): void {
  const { recording } = channel
  if (recording === undefined) return
  channel.recording = undefined
  const bytes = recording.bytes()
  const { sha256, kept } = outbox.keep(bytes)
  if (kept)
    record('recording.closed', { sha256, format: 'asciicast', size: bytes.length, duration_ms: recording.duration })
}

async function shell(session: Session, channel: Channel, user: string): Promise<void> {
  const made = openShell(session, channel, user)
  try {
    const pty = channel.pty !== undefined
    const { machine } = session.persona
    if (pty) {
      await channel.write(
        session.persona.motd(Date.now()) +
          (machine.shell === 'bash'
            ? `Last login: ${lastLogin(machine.booted)} from ${machine.network.gateway}\r\n`
            : ''),
      )
    }
    const code = await interact(made, {
      input: channel.input,
      write: (bytes) => channel.write(bytes),
      complain: (bytes) => channel.write(bytes, true),
      pty,
      signal: session.signal,
      size: () => channel.pty ?? { width: 80, height: 24 },
    })
    await channel.finish(code)
  } finally {
    closeRecording(session, channel)
  }
}

const lastLogin = (booted: number): string => {
  const date = new Date(booted + 1_200_000).toUTCString() // Mon, 01 Jan 2024 10:00:00 GMT
  const [day = '', dd = '', month = '', year = '', time = ''] = date.replace(',', '').split(' ')
  return `${day} ${month} ${dd.replace(/^0/, ' ')} ${time} ${year}`
}

const maxInput = 12 * 1024 * 1024
/** How long a line waits for what it reads, and for more of it, in milliseconds: who tells no end has sent all by then. */
const [firstInput, moreInput] = [30_000, 3000]

async function exec(session: Session, channel: Channel, user: string, line: Buffer): Promise<void> {
  const made = openShell(session, channel, user)
  try {
    const copy = scpOf(line.toString('utf8', 0, 2048))
    if (copy !== undefined) {
      const parent = made.note(line)
      const send = (bytes: string | Uint8Array) => channel.write(bytes)
      await channel.finish(
        copy.takes
          ? await takeFiles(session, made.user, copy, channel.input, send, parent)
          : await giveFiles(session, made.user, copy, channel.input, send),
      )
      return
    }
    const sync = rsyncOf(line.toString('utf8', 0, 4096))
    if (sync !== undefined && new Files(session, made.user).now.node('/usr/bin/rsync') !== undefined) {
      const parent = made.note(line)
      const send = (bytes: string | Uint8Array) => channel.write(bytes)
      return await channel.finish(await serveRsync(session, made.user, sync, channel.input, send, parent))
    }
    // What the client sends is waited for when the line reads it: to its end, or until nothing comes any more.
    const input = async (): Promise<Buffer> => {
      const parts: Buffer[] = []
      let size = 0
      while ((await channel.input.waits(size === 0 ? firstInput : moreInput)) && size < maxInput) {
        const part = await channel.input.some(65_536)
        if (part === undefined) break
        parts.push(part)
        size += part.length
      }
      return Buffer.concat(parts)
    }
    let sending = Promise.resolve()
    const pty = channel.pty !== undefined
    const printed = (out: Buffer, err: Buffer): void => {
      sending = sending
        .then(async () => {
          if (out.length > 0) await channel.write(pty ? crlf(out) : out)
          if (err.length > 0) await channel.write(err, !pty)
        })
        .catch(() => {})
    }
    const {
      out,
      err,
      code,
      printed: told,
    } = await made.run(line, {
      terminal: pty,
      input,
      arrived: () => Buffer.from(channel.input.here()),
      signal: channel.interrupted,
      printed,
    })
    printed(out.subarray(told.out), err.subarray(told.err))
    await sending
    await channel.finish(code)
  } finally {
    closeRecording(session, channel)
  }
}
