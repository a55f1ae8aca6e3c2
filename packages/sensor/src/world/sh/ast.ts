// What a script of the shell is made of.

/** Which shell is played: each reads, and says, some things otherwise. */
export type Dialect = 'bash' | 'dash' | 'ash'

/** A piece of a word. */
export type Part =
  /** Characters that nobody quoted: they may be a pattern. */
  | { readonly t: 'lit'; readonly v: string }
  /** Characters that were quoted. */
  | { readonly t: 'quoted'; readonly v: string }
  | { readonly t: 'dq'; readonly parts: readonly Part[] }
  | Param
  /** $(…) and `…`. */
  | { readonly t: 'cmd'; readonly body: Script; readonly source: string }
  | { readonly t: 'arith'; readonly expr: Word }
  /** <(…) and >(…). */
  | { readonly t: 'proc'; readonly into: boolean; readonly body: Script }

/** $name, ${name…}. */
export interface Param {
  readonly t: 'param'
  readonly name: string
  /** What stands in brackets. */
  readonly index?: Word | '@' | '*'
  /** ${#name} */
  readonly length?: boolean
  /** ${!name} */
  readonly indirect?: boolean
  /** ${!name*} and ${!name@} */
  readonly prefix?: '*' | '@'
  readonly op?: string
  readonly arg?: Word
  readonly more?: Word
  /** ${…} that nothing can be made of. */
  readonly bad?: string
}

export interface Word {
  readonly parts: readonly Part[]
  /** As it was written. */
  readonly raw: string
  readonly line: number
  /** Where it can be read as an assignment. */
  readonly assign?: Assign
}

export interface Assign {
  readonly name: string
  readonly index?: Word
  readonly append: boolean
  readonly value: Word
  /** name=(…) */
  readonly array?: readonly Word[]
}

export interface Redirect {
  /** What it is redirected; undefined where the operator says. */
  readonly fd?: number
  readonly op: string
  readonly target: Word
  /** What is written here, where it is. */
  readonly here?: { body: Word }
}

interface Base {
  readonly redirects: readonly Redirect[]
  readonly line: number
}

export type Condition =
  | { readonly t: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly t: 'not'; readonly of: Condition }
  | { readonly t: 'unary'; readonly op: string; readonly word: Word }
  | { readonly t: 'binary'; readonly op: string; readonly left: Word; readonly right: Word }
  | { readonly t: 'word'; readonly word: Word }

export type Command = Base &
  (
    | { readonly t: 'simple'; readonly assigns: readonly Assign[]; readonly words: readonly Word[] }
    | { readonly t: 'subshell' | 'group'; readonly body: Script }
    | {
        readonly t: 'if'
        readonly clauses: readonly { readonly test: Script; readonly body: Script }[]
        readonly otherwise?: Script
      }
    | { readonly t: 'while'; readonly until: boolean; readonly test: Script; readonly body: Script }
    | { readonly t: 'for' | 'select'; readonly name: string; readonly words?: readonly Word[]; readonly body: Script }
    | { readonly t: 'count'; readonly init: Word; readonly test: Word; readonly step: Word; readonly body: Script }
    | {
        readonly t: 'case'
        readonly word: Word
        readonly items: readonly { readonly patterns: readonly Word[]; readonly body: Script; readonly end: string }[]
      }
    | { readonly t: 'arith'; readonly expr: Word }
    | { readonly t: 'condition'; readonly expr: Condition }
    | { readonly t: 'function'; readonly name: string; readonly body: Command; readonly source: string }
    | { readonly t: 'coproc'; readonly name: string; readonly body: Command }
  )

export interface Pipeline {
  readonly not: boolean
  readonly timed: boolean
  readonly commands: readonly Command[]
  /** Of each command, whether its errors go the same way. */
  readonly both: readonly boolean[]
}

/** Pipelines that hang together by && and ||. */
export interface AndOr {
  readonly first: Pipeline
  readonly rest: readonly { readonly op: '&&' | '||'; readonly pipeline: Pipeline }[]
  readonly background: boolean
  readonly source: string
  readonly line: number
}
export type Script = readonly AndOr[]
