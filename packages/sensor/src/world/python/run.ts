import { fileOf, moduleOf, type Around, type PythonHost } from './modules.ts'
import { parse, Unknown, type Node, type Statement } from './syntax.ts'
import {
  binary,
  Bytes,
  bytesMethod,
  compared,
  distance,
  integer,
  iterated,
  kindOf,
  latin,
  Left,
  mostText,
  parsed,
  Raised,
  repr,
  show,
  sliced,
  text,
  textMethod,
  Thing,
  truth,
  Tuple,
  utf8,
  type Call,
  type Value,
} from './values.ts'

// Runs what was read. Numbers are bigint and number, texts are strings, bytes and tuples have a class of their own.

/** How many steps a program may take. */
const mostSteps = 200_000
/** What a program printed, and how it ended; undefined where it is beyond what is known here. */
export async function runPython(
  source: string,
  host: PythonHost,
  file = '<string>',
): Promise<{ out: string; err: string; code: number } | undefined> {
  const machine = new Machine(host)
  try {
    await machine.run(parse(source))
    return machine.said(0)
  } catch (error) {
    if (error instanceof Left) return machine.said(error.code, error.words)
    if (error instanceof Raised)
      return machine.said(
        1,
        `Traceback (most recent call last):\n  File "${file}", line ${error.line}, in <module>\n${error.kind}${error.message === '' ? '' : `: ${error.message}`}\n`,
      )
    if (error instanceof Unknown || error instanceof RangeError) return undefined
    throw error
  }
}

class Machine {
  readonly #host: PythonHost
  readonly #names = new Map<string, Value>()
  #out = ''
  #err = ''
  #steps = 0
  readonly #around: Around

  constructor(host: PythonHost) {
    this.#host = host
    this.#around = { host, print: (text) => this.#print(text), complain: (text) => void (this.#err += text) }
    for (const [name, call] of Object.entries(this.#builtins())) this.#names.set(name, call)
    this.#names.set('__name__', '__main__')
  }

  said(code: number, more = ''): { out: string; err: string; code: number } {
    return { out: this.#out, err: this.#err + more, code }
  }

  #print(text: string): void {
    if (this.#out.length + text.length > mostText) throw new Unknown('too much')
    this.#out += text
  }

  #step(): void {
    if (++this.#steps > mostSteps) throw new Unknown('too long')
  }

  async run(program: readonly Statement[]): Promise<'break' | 'continue' | undefined> {
    for (const one of program) {
      this.#step()
      try {
        const left = await this.#statement(one)
        if (left !== undefined) return left
      } catch (error) {
        if (error instanceof Raised && error.line === 1) error.line = one.line
        throw error
      }
    }
    return undefined
  }

  async #statement(one: Statement): Promise<'break' | 'continue' | undefined> {
    switch (one.t) {
      case 'pass':
        return undefined
      case 'break':
      case 'continue':
        return one.t
      case 'expression':
        await this.value(one.v)
        return undefined
      case 'import':
        for (const [name, as] of one.names) {
          const module = moduleOf(name, this.#around)
          const [top = ''] = name.split('.')
          this.#names.set(as === '' ? top : as, as === '' && name.includes('.') ? moduleOf(top, this.#around) : module)
        }
        return undefined
      case 'from': {
        const module = moduleOf(one.module, this.#around)
        for (const [name, as] of one.names) {
          if (name === '*') for (const [key, value] of module.members) this.#names.set(key, value)
          else this.#names.set(as === '' ? name : as, this.#attribute(module, name))
        }
        return undefined
      }
      case 'assign': {
        const value = await this.value(one.v)
        if (one.op !== '') {
          const [name = ''] = one.to
          this.#names.set(name, binary(one.op, this.#name(name), value))
        } else if (one.to.length === 1) this.#names.set(one.to[0] ?? '', value)
        else this.#spread(one.to, value)
        return undefined
      }
      case 'for':
        for (const each of iterated(await this.value(one.of))) {
          this.#step()
          this.#spread(one.names, each)
          if ((await this.run(one.body)) === 'break') break
        }
        return undefined
      case 'while':
        while (truth(await this.value(one.test))) {
          this.#step()
          if ((await this.run(one.body)) === 'break') break
        }
        return undefined
      case 'if':
        return this.run(truth(await this.value(one.test)) ? one.body : one.other)
    }
  }

  #spread(names: readonly string[], value: Value): void {
    if (names.length === 1) return void this.#names.set(names[0] ?? '', value)
    const all = iterated(value)
    if (all.length !== names.length)
      throw new Raised(
        'ValueError',
        all.length > names.length
          ? `too many values to unpack (expected ${names.length})`
          : `not enough values to unpack (expected ${names.length}, got ${all.length})`,
      )
    for (const [i, name] of names.entries()) this.#names.set(name, all[i] ?? null)
  }

  #name(name: string): Value {
    const value = this.#names.get(name)
    if (value === undefined) {
      const near = [...this.#names.keys()].find((one) => distance(one, name) === 1)
      const hint = near !== undefined && this.#host.version[1] >= 10 ? `. Did you mean: '${near}'?` : ''
      throw new Raised('NameError', `name '${name}' is not defined${hint}`)
    }
    return value
  }

  async value(node: Node): Promise<Value> {
    this.#step()
    switch (node.t) {
      case 'value':
        return node.v
      case 'bytes':
        return new Bytes(node.v)
      case 'format': {
        let text = ''
        for (const part of node.parts) text += typeof part === 'string' ? part : show(await this.value(part))
        return text
      }
      case 'name':
        return this.#name(node.v)
      case 'list':
      case 'tuple': {
        const all: Value[] = []
        for (const one of node.of) all.push(await this.value(one))
        return node.t === 'list' ? all : new Tuple(all)
      }
      case 'dict': {
        const all = new Map<string, [Value, Value]>()
        for (const [key, value] of node.of) {
          const k = await this.value(key)
          all.set(repr(k), [k, await this.value(value)])
        }
        return all
      }
      case 'unary': {
        const a = await this.value(node.a)
        if (node.op === 'not') return !truth(a)
        if (typeof a === 'number' && node.op !== '~') return node.op === '-' ? -a : a
        const n = integer(a)
        return node.op === '-' ? -n : node.op === '~' ? ~n : n
      }
      case 'binary':
        return binary(node.op, await this.value(node.a), await this.value(node.b))
      case 'logic': {
        const a = await this.value(node.a)
        return truth(a) === (node.op === 'or') ? a : this.value(node.b)
      }
      case 'compare': {
        let left = await this.value(node.first)
        for (const [op, next] of node.rest) {
          const right = await this.value(next)
          if (!compared(op, left, right)) return false
          left = right
        }
        return true
      }
      case 'if':
        return this.value(truth(await this.value(node.test)) ? node.a : node.b)
      case 'attribute':
        return this.#attribute(await this.value(node.of), node.name)
      case 'index': {
        const of = await this.value(node.of)
        const at = await this.value(node.at)
        if (of instanceof Map) {
          const found = of.get(repr(at))
          if (found === undefined) throw new Raised('KeyError', repr(at))
          return found[1]
        }
        const all = of instanceof Bytes ? [...of.text].map((c) => BigInt(c.charCodeAt(0))) : iterated(of)
        const i = Number(integer(at))
        const found = all[i < 0 ? all.length + i : i]
        if (found === undefined)
          throw new Raised('IndexError', `${typeof of === 'string' ? 'string' : kindOf(of)} index out of range`)
        return found
      }
      case 'slice': {
        const of = await this.value(node.of)
        const number = async (one: Node | undefined): Promise<number | undefined> =>
          one === undefined ? undefined : Number(integer(await this.value(one)))
        const [from, to, step = 1] = [await number(node.from), await number(node.to), await number(node.step)]
        return sliced(of, from, to, step)
      }
      case 'each': {
        const all: Value[] = []
        for (const one of iterated(await this.value(node.of))) {
          this.#step()
          this.#spread(node.names, one)
          if (node.test === undefined || truth(await this.value(node.test))) all.push(await this.value(node.what))
        }
        return all
      }
      case 'call': {
        const f = await this.value(node.f)
        if (typeof f !== 'function') throw new Raised('TypeError', `'${kindOf(f)}' object is not callable`)
        const args: Value[] = []
        for (const one of node.args) args.push(await this.value(one))
        const named = new Map<string, Value>()
        for (const [name, one] of node.named) named.set(name, await this.value(one))
        return f(args, named)
      }
    }
  }

  #attribute(of: Value, name: string): Value {
    if (of instanceof Thing) {
      const found = of.members.get(name)
      if (found !== undefined) return found
      // Of a module that is there more is there than is known here.
      throw new Unknown(`${of.shown}.${name}`)
    }
    if (typeof of === 'string') return textMethod(of, name)
    if (of instanceof Bytes) return bytesMethod(of, name)
    if (Array.isArray(of) && name === 'append') return ([one = null]) => (of.push(one), null)
    if (of instanceof Map) {
      if (name === 'get') return ([key = null, other = null]) => of.get(repr(key))?.[1] ?? other
      if (name === 'keys') return () => [...of.values()].map(([key]) => key)
      if (name === 'values') return () => [...of.values()].map(([, value]) => value)
      if (name === 'items') return () => [...of.values()].map((pair) => new Tuple(pair))
    }
    throw new Unknown(`${kindOf(of)}.${name}`)
  }

  #builtins(): Record<string, Call> {
    const host = this.#host
    return {
      print: (args, named) => {
        const end = named.get('end')
        const by = named.get('sep')
        const said =
          args.map(show).join(by === undefined || by === null ? ' ' : text(by)) +
          (end === undefined || end === null ? '\n' : text(end))
        const to = named.get('file')
        if (to instanceof Thing && to.shown === 'stderr') this.#err += latin(said)
        else this.#print(latin(said))
        return null
      },
      exec: async ([source = '']) => {
        await this.run(parse(source instanceof Bytes ? source.text : text(source)))
        return null
      },
      eval: ([source = '']) => {
        const [one] = parse(text(source))
        if (one?.t !== 'expression') throw new Unknown('eval')
        return this.value(one.v)
      },
      compile: ([source = '']) => source,
      __import__: ([name = '']) => moduleOf(text(name), this.#around),
      len: ([one = '']) =>
        BigInt(one instanceof Bytes ? one.text.length : one instanceof Map ? one.size : iterated(one).length),
      str: ([one = '']) => show(one),
      repr: ([one = null]) => repr(one),
      int: ([one = 0n, base = 10n]) => {
        if (typeof one === 'number') return BigInt(Math.trunc(one))
        if (typeof one !== 'string') return integer(one)
        const number = parsed(one.trim(), Number(integer(base)))
        if (number === undefined)
          throw new Raised('ValueError', `invalid literal for int() with base ${show(base)}: ${repr(one)}`)
        return number
      },
      float: ([one = 0n]) => {
        const number = Number(typeof one === 'string' ? one.trim() || 'x' : one)
        if (Number.isNaN(number)) throw new Raised('ValueError', `could not convert string to float: ${repr(one)}`)
        return number
      },
      bool: ([one = false]) => truth(one),
      chr: ([one = 0n]) => String.fromCodePoint(Number(integer(one))),
      ord: ([one = '']) => BigInt((one instanceof Bytes ? one.text : text(one)).codePointAt(0) ?? 0),
      hex: ([one = 0n]) => `0x${integer(one).toString(16)}`,
      oct: ([one = 0n]) => `0o${integer(one).toString(8)}`,
      bin: ([one = 0n]) => `0b${integer(one).toString(2)}`,
      abs: ([one = 0n]) => (typeof one === 'number' ? Math.abs(one) : integer(one) < 0n ? -integer(one) : integer(one)),
      round: ([one = 0n, digits]) =>
        digits === undefined ? BigInt(Math.round(Number(one))) : Number(Number(one).toFixed(Number(digits))),
      range: (args) => {
        const [a = 0n, b, c = 1n] = args.map(integer)
        const [from, to] = b === undefined ? [0n, a] : [a, b]
        const all: Value[] = []
        for (let i = from; c > 0n ? i < to : i > to; i += c) {
          this.#step()
          all.push(i)
        }
        return all
      },
      list: ([one = []]) => [...iterated(one)],
      tuple: ([one = []]) => new Tuple([...iterated(one)]),
      sorted: ([one = []]) => [...iterated(one)].sort((a, b) => (compared('<', a, b) ? -1 : 1)),
      reversed: ([one = []]) => [...iterated(one)].reverse(),
      enumerate: ([one = []]) => iterated(one).map((value, i) => new Tuple([BigInt(i), value])),
      zip: ([a = [], b = []]) =>
        iterated(a)
          .slice(0, iterated(b).length)
          .map((one, i) => new Tuple([one, iterated(b)[i] ?? null])),
      sum: ([one = []]) => iterated(one).reduce((sum, value) => binary('+', sum, value), 0n as Value),
      max: (args) =>
        (args.length === 1 ? [...iterated(args[0] ?? [])] : args).reduce((a, b) => (compared('>=', a, b) ? a : b)),
      min: (args) =>
        (args.length === 1 ? [...iterated(args[0] ?? [])] : args).reduce((a, b) => (compared('<=', a, b) ? a : b)),
      map: async ([f = null, one = []], named) => {
        if (typeof f !== 'function') throw new Unknown('map')
        const all: Value[] = []
        for (const value of iterated(one)) all.push(await f([value], named))
        return all
      },
      bytes: ([one = '']) =>
        new Bytes(
          typeof one === 'string'
            ? one
            : iterated(one)
                .map((c) => String.fromCharCode(Number(integer(c)) & 255))
                .join(''),
        ),
      open: ([path = '', mode = 'r']) => {
        const [where, how] = [text(path), text(mode)]
        if (!/[wa]/.test(how)) {
          const content = host.read(where)
          if (content === undefined)
            throw new Raised('FileNotFoundError', `[Errno 2] No such file or directory: ${repr(where)}`)
          return fileOf(content, host.stdin)
        }
        if (how.includes('w') && !host.write(where, '', false))
          throw new Raised('FileNotFoundError', `[Errno 2] No such file or directory: ${repr(where)}`)
        return new Thing('file', {
          write: ([one = '']) => {
            const bytes = one instanceof Bytes ? one.text : latin(text(one))
            host.write(where, bytes, true)
            return BigInt(bytes.length)
          },
          close: () => null,
          flush: () => null,
        })
      },
      input: ([prompt = '']) => {
        this.#print(latin(show(prompt)))
        const [line] = host.stdin().split('\n')
        if (line === undefined || line === '') throw new Raised('EOFError', 'EOF when reading a line')
        return utf8(line)
      },
      exit: ([code = null]) => {
        throw new Left(code === null ? 0 : Number(integer(code)) & 255)
      },
      quit: () => {
        throw new Left(0)
      },
    }
  }
}
