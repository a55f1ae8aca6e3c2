// What leaves commands before their end.

export class Break extends Error {
  readonly levels: number
  constructor(levels: number) {
    super('break')
    this.levels = levels
  }
}
export class Continue extends Error {
  readonly levels: number
  constructor(levels: number) {
    super('continue')
    this.levels = levels
  }
}
/** The end of a function, or of a file that was sourced. */
export class Return extends Error {
  readonly status: number
  constructor(status: number) {
    super('return')
    this.status = status
  }
}
/** The end of the shell. */
export class Exit extends Error {
  readonly status: number
  constructor(status: number) {
    super('exit')
    this.status = status & 255
  }
}
/** The end of the complete command that runs: bash goes on with the next. */
export class Discard extends Error {
  readonly status: number
  constructor(status: number) {
    super('discard')
    this.status = status
  }
}
