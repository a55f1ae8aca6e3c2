// The variables of a shell: texts, numbered lists and tables, each with its attributes (bash(1), PARAMETERS).

/** @property flags of declare: x exported, r read-only, i a number, u and l in one case, n another's name */
export interface Variable {
  readonly value?: string
  readonly list?: Map<number, string>
  readonly table?: Map<string, string>
  readonly flags: string
}

/** A variable that nobody may change. */
export class Readonly_ extends Error {
  readonly variable: string
  constructor(name: string) {
    super(`${name}: readonly variable`)
    this.variable = name
  }
}
/** More than a process of the machine gets. */
export class NoMemory extends Error {}

/** What one text may take. */
const maxValue = 8 * 1024 * 1024
const maxElements = 100_000

export class Variables {
  readonly #all: Map<string, Variable>
  /** Of each function that runs: what its local variables hide. */
  readonly #hidden: Map<string, Variable | undefined>[] = []
  /** What the shell itself makes anew each time. */
  readonly dynamic: Readonly<Record<string, () => string | undefined>>
  /** The value of an expression, for variables that are numbers. */
  readonly number: (text: string) => string
  /** Lists that the shell makes anew each time. */
  readonly lists: Readonly<Record<string, () => readonly string[]>>

  constructor(
    all: Iterable<readonly [string, Variable]>,
    dynamic: Variables['dynamic'],
    number: Variables['number'],
    lists: Variables['lists'] = {},
  ) {
    this.#all = new Map(all)
    this.dynamic = dynamic
    this.number = number
    this.lists = lists
  }

  /** The same variables, for a shell of its own. */
  copy(dynamic: Variables['dynamic'], number: Variables['number'], lists: Variables['lists']): Variables {
    const all = [...this.#all].map(
      ([name, one]) =>
        [
          name,
          one.list === undefined && one.table === undefined
            ? one
            : { ...one, ...(one.list && { list: new Map(one.list) }), ...(one.table && { table: new Map(one.table) }) },
        ] as const,
    )
    return new Variables(all, dynamic, number, lists)
  }

  entries(): IterableIterator<[string, Variable]> {
    return this.#all.entries()
  }

  /** Whose name a name is. */
  target(name: string): string {
    let at = name
    for (let i = 0; i < 8; i++) {
      const one = this.#all.get(at)
      if (one?.flags.includes('n') !== true || one.value === undefined || one.value === '') break
      at = one.value
    }
    return at
  }

  find(name: string): Variable | undefined {
    const made = Object.hasOwn(this.lists, name) ? this.lists[name]?.() : undefined
    if (made !== undefined) return { list: new Map(made.map((value, i) => [i, value])), flags: 'r' }
    return this.#all.get(this.target(name))
  }

  get(name: string): string | undefined {
    const made = Object.hasOwn(this.dynamic, name) ? this.dynamic[name]?.() : undefined
    if (made !== undefined) return made
    const one = this.find(name)
    return one?.list?.get(0) ?? one?.table?.get('0') ?? one?.value
  }

  element(name: string, index: string): string | undefined {
    const one = this.find(name)
    if (one?.table !== undefined) return one.table.get(index)
    const at = Number(this.number(index))
    if (one?.list !== undefined) return one.list.get(at < 0 ? Math.max(-1, ...one.list.keys()) + 1 + at : at)
    return at === 0 || at === -1 ? this.get(name) : undefined
  }

  /** All elements of a list or table; a text is a list of one. */
  elements(name: string): readonly (readonly [string, string])[] {
    const one = this.find(name)
    if (one?.table !== undefined) return [...one.table]
    if (one?.list !== undefined)
      return [...one.list].sort(([a], [b]) => a - b).map(([key, value]) => [String(key), value])
    const value = this.get(name)
    return value === undefined ? [] : [['0', value]]
  }

  #fit(flags: string, value: string): string {
    if (value.length > maxValue) throw new NoMemory('xrealloc: cannot allocate 18446744071562067968 bytes')
    if (flags.includes('i')) return this.number(value)
    return flags.includes('u') ? value.toUpperCase() : flags.includes('l') ? value.toLowerCase() : value
  }

  #writable(name: string): Variable | undefined {
    const one = this.#all.get(name)
    if (one?.flags.includes('r') === true) throw new Readonly_(name)
    return one
  }

  set(given: string, value: string, append = false): void {
    const name = this.target(given)
    const one = this.#writable(name)
    if (one?.list !== undefined) return this.setElement(name, '0', value, append)
    const flags = one?.flags ?? ''
    const before = append ? (this.get(name) ?? '') : ''
    const joined = flags.includes('i') && append ? `${before || 0}+(${value || 0})` : before + value
    this.#all.set(name, { value: this.#fit(flags, joined), flags, ...(one?.table && { table: one.table }) })
  }

  setElement(given: string, index: string, value: string, append = false): void {
    const name = this.target(given)
    const one = this.#writable(name)
    const flags = one?.flags ?? ''
    if (one?.table !== undefined) {
      if (one.table.size >= maxElements) throw new NoMemory('xmalloc: cannot allocate 64 bytes')
      one.table.set(index, this.#fit(flags, append ? (one.table.get(index) ?? '') + value : value))
      return
    }
    const list = one?.list ?? new Map(one?.value === undefined ? [] : [[0, one.value]])
    let at = Number(this.number(index))
    if (at < 0) at += Math.max(-1, ...list.keys()) + 1
    if (at < 0) throw new RangeError(`${name}[${index}]: bad array subscript`)
    if (list.size >= maxElements) throw new NoMemory('xmalloc: cannot allocate 64 bytes')
    list.set(at, this.#fit(flags, append ? (list.get(at) ?? '') + value : value))
    if (one?.list === undefined) this.#all.set(name, { list, flags })
  }

  setList(given: string, values: readonly string[]): void {
    const name = this.target(given)
    const one = this.#writable(name)
    this.#all.set(name, {
      list: new Map(values.slice(0, maxElements).map((value, i) => [i, value])),
      flags: one?.flags ?? '',
    })
  }

  /** Makes an empty list or table, or keeps what is one already. */
  shape(given: string, kind: 'list' | 'table', empty = false): void {
    const name = this.target(given)
    const one = this.#writable(name)
    if (!empty && one?.[kind] !== undefined) return
    const flags = one?.flags ?? ''
    const first = empty ? undefined : one?.value
    this.#all.set(
      name,
      kind === 'list'
        ? { list: new Map(first === undefined ? [] : [[0, first]]), flags }
        : { table: new Map(first === undefined ? [] : [['0', first]]), flags },
    )
  }

  /** Sets and clears attributes; makes a variable without a value where there is none. */
  mark(given: string, on: string, off = ''): void {
    const name = on.includes('n') || off.includes('n') ? given : this.target(given)
    const one = this.#all.get(name)
    if (off.includes('r') && one?.flags.includes('r') === true) throw new Readonly_(name)
    const flags = [...new Set(`${one?.flags ?? ''}${on}`)].filter((flag) => !off.includes(flag)).join('')
    this.#all.set(name, { ...one, flags })
  }

  unset(given: string, index?: string): void {
    const name = this.target(given)
    const one = this.#writable(name)
    if (index === undefined) this.#all.delete(name)
    else if (one?.table !== undefined) one.table.delete(index)
    else if (one?.list !== undefined) {
      const at = Number(this.number(index))
      one.list.delete(at < 0 ? Math.max(-1, ...one.list.keys()) + 1 + at : at)
    } else if (this.number(index) === '0') this.#all.delete(name)
  }

  // ——— Functions ———

  get depth(): number {
    return this.#hidden.length
  }

  enter(): void {
    this.#hidden.push(new Map())
  }

  leave(): void {
    for (const [name, one] of this.#hidden.pop() ?? []) {
      if (one === undefined) this.#all.delete(name)
      else this.#all.set(name, one)
    }
  }

  /** Makes a variable local to the function that runs. @param keeps whether it begins with the value that it had */
  local(name: string, keeps = false): void {
    const hidden = this.#hidden.at(-1)
    if (hidden === undefined || hidden.has(name)) return
    const one = this.#all.get(name)
    if (one?.flags.includes('r') === true) throw new Readonly_(name)
    hidden.set(name, one)
    if (!keeps) this.#all.set(name, { flags: one?.flags.includes('x') === true ? 'x' : '' })
  }

  /** Sets variables for one command. @returns what gives them back */
  aside(values: readonly (readonly [string, string])[]): () => void {
    const before = values.map(([name]) => [name, this.#all.get(name)] as const)
    for (const [name, value] of values) {
      this.set(name, value)
      this.mark(name, 'x')
    }
    return () => {
      for (const [name, one] of before) {
        if (one === undefined) this.#all.delete(name)
        else this.#all.set(name, one)
      }
    }
  }

  /** What programs get. */
  exported(): Map<string, string> {
    const all = new Map<string, string>()
    for (const [name, { flags, value }] of this.#all)
      if (flags.includes('x') && value !== undefined) all.set(name, value)
    return all
  }
}
