import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ArithmeticError, evaluate } from './arith.ts'
import type { Script } from './ast.ts'
import { fieldsOf } from './builtins/input.ts'
import { ansiC } from './escapes.ts'
import { Parser } from './parser.ts'
import { Unreadable } from './reading/text.ts'
import { literally, Pattern } from './pattern.ts'

const pieces = fc.constantFrom(
  ..."if then else fi do done for in case esac while { } ( ) (( )) [[ ]] ; ;; & && | || < > >> << <<- <<< >& &> $( ${ $(( ` \" ' \\ \n $ # = a b x=1 a[0]=1 a=( ! function time coproc select *) 2> $' @( ?( ~ {1..3} EOF".split(
    ' ',
  ),
  ' ',
  '\n',
)
/** Reads all of a text. @returns what cannot be read, undefined where all can be */
function all(text: string, dialect: 'bash' | 'dash' | 'ash'): Unreadable | undefined {
  const parser = new Parser(
    text,
    dialect,
    new Map([
      ['a', 'b '],
      ['b', 'a x'],
    ]),
  )
  try {
    for (let i = 0; i < 10_000; i++) if (parser.complete() === undefined) return undefined
    throw new Error('does not end')
  } catch (error) {
    if (error instanceof Unreadable) return error
    throw error
  }
}

test('whatever the text, it is read or told to be unreadable', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(pieces, fc.string({ maxLength: 6 })), { maxLength: 40 }),
      fc.constantFrom('bash', 'dash', 'ash'),
      (words, dialect) => {
        const error = all(words.join(''), dialect as 'bash')
        expect(error === undefined || error.line >= 1).toBe(true)
      },
    ),
    { numRuns: 3000 },
  )
})

test('what is nested too deeply is unreadable, not fatal; long texts are read', () => {
  for (const open of ['(', '{ ', '$(', '"$(', '${a:-', 'if ', '[[ ( ', '$((', '`'])
    expect(() => all(open.repeat(20_000), 'bash'), open).not.toThrow(RangeError)
  expect(all(`${'echo a; '.repeat(20_000)}`, 'bash')).toBe(undefined)
  expect(all(`echo ${'x'.repeat(1_000_000)}`, 'bash')).toBe(undefined)
})

test('what each shell cannot read', () => {
  const of = (text: string, dialect: 'bash' | 'dash' | 'ash' = 'bash') => {
    const error = all(text, dialect)
    return error === undefined ? undefined : `${error.kind} ${error.token} ${error.line}`
  }
  expect(of('echo a | | b')).toBe('token | 1')
  expect(of('echo a\n)')).toBe('token ) 2')
  expect(of('if true; then')).toBe('end  1')
  expect(of('echo "a\nb')).toBe('quote " 1')
  expect(of("echo 'a")).toBe("quote ' 1")
  expect(of('for i in a b; do echo; done; }')).toBe('token } 1')
  expect(of('a=(1 2)', 'dash')).toBe('token ( 1')
  expect(of('case a in b) ;; esac; case b in (c|d) echo;; *) esac')).toBe(undefined)
  expect(of('cat <<A; cat <<-B\nx\nA\n\ty\n\tB\necho')).toBe(undefined)
  expect(of('f() { echo; }; function g { echo; }; h () ( echo )')).toBe(undefined)
  expect(of('[[ a == b && ( -f x || ! -d y ) && z =~ ^(a|b)$ ]]')).toBe(undefined)
})

test('here-documents go to their commands', () => {
  const [item] = (new Parser('cat <<A - <<"B"\n$x\nA\n$y\nB\n', 'bash').complete() ?? []) as Script
  const command = item?.first.commands[0]
  expect(command?.redirects.map(({ here }) => here?.body.raw)).toEqual(['$x\n', '$y\n'])
  expect(command?.redirects[0]?.here?.body.parts[0]?.t).toBe('param')
  expect(command?.redirects[1]?.here?.body.parts).toEqual([{ t: 'quoted', v: '$y\n' }])
})

test('arithmetic is that of C with 64 bits, and garbage is told', () => {
  const store = new Map([
    ['x', '5'],
    ['y', 'x+1'],
    ['o', '010'],
  ])
  const variables = {
    get: (name: string) => store.get(name),
    set: (name: string, value: string) => void store.set(name, value),
  }
  const value = (text: string) => evaluate(text, variables, 'bash')
  expect(value('2**62 + 1')).toBe(4611686018427387905n)
  expect(value('9223372036854775807 + 1')).toBe(-9223372036854775808n)
  expect(value('y * 2 + o')).toBe(20n)
  expect(value('x++ + ++x, x')).toBe(7n)
  expect(value('0 && 1/0 || 16#ff == 255 ? 3 : 1/0')).toBe(3n)
  expect(value('1 << 70')).toBe(64n)
  expect(() => value('1 +')).toThrow('1 +: syntax error: operand expected (error token is "+")')
  expect(() => evaluate('1/0', variables, 'dash')).toThrow('arithmetic expression: division by zero: "1/0"')
  store.set('loop', 'loop')
  expect(() => value('loop')).toThrow(ArithmeticError)
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          ...'( ) + - * / % ** << >> < > <= == != & && | || ^ ! ~ ? : , = += ++ -- 1 08 0x x y a[ ] 2#3'.split(' '),
        ),
        { maxLength: 30 },
      ),
      (words) => {
        try {
          expect(typeof value(words.join(' '))).toBe('bigint')
        } catch (error) {
          expect(error).toBeInstanceOf(ArithmeticError)
        }
      },
    ),
  )
})

test('patterns: what is quoted stands for itself, and no pattern takes long', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (a, b) => {
      expect(new Pattern(literally(a)).matches(a)).toBe(true)
      expect(new Pattern(`${literally(a)}*`).matches(a + b)).toBe(true)
      expect(new Pattern(`*${literally(b)}`).suffix(a + b, false)).toBe(a.length + b.length - (b === '' ? 0 : b.length))
      expect(new Pattern(`@(${literally(a)}|x)${literally(b)}`).matches(a + b)).toBe(true)
    }),
  )
  expect(new Pattern('*a'.repeat(200)).matches('a'.repeat(5000) + 'b')).toBe(false)
  expect(new Pattern('+(+(+(a)))b').matches('a'.repeat(2000))).toBe(false)
  expect(new Pattern('[[:alpha:]_]*[!0-9]').matches('ab1x')).toBe(true)
  expect(new Pattern('!(*.sh)').matches('x.sh')).toBe(false)
  expect(new Pattern('a*b').prefix('aXbYb', true)).toBe(5)
  expect(new Pattern('a*b').prefix('aXbYb', false)).toBe(3)
})

test('read splits as POSIX wants; $’…’ knows its letters', () => {
  expect(fieldsOf('  a b  c ', ' \t\n', 2)).toEqual(['a', 'b  c'])
  expect(fieldsOf('a:b:c', ':', 2)).toEqual(['a', 'b:c'])
  expect(fieldsOf('a:', ':', 1)).toEqual(['a'])
  expect(ansiC('a\\x41\\101\\n\\u00e9')).toBe('aAA\n\xc3\xa9')
})
