import type { Interpreter } from './interpreter.ts'
import type { Parser } from './parser.ts'
import type { Unreadable } from './reading/text.ts'

// How shells word what cannot be read, and show what they run.

/** A word as xtrace shows it. */
export function traced(word: string, assigned = false): string {
  if (word === '') return assigned ? '' : "''"
  if (/[\0-\x1f\x7f-\xff]/.test(word))
    return `$'${word
      .replace(/[\\']/g, '\\$&')
      .replaceAll('\n', '\\n')
      .replaceAll('\t', '\\t')
      .replace(/[\0-\x1f\x7f-\xff]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)}'`
  return /[\s|&;()<>"'\\$`*?[\]#~!{}=]/.test(
    assigned ? word.replaceAll('=', '') : word.replaceAll('=', '').replace(/^(.)~|(?<=.)#/g, '$1'),
  )
    ? `'${word.replaceAll("'", `'\\''`)}'`
    : word
}

/** An error of syntax, as the shell tells it. */
export function syntaxError(shell: Interpreter, error: Unreadable, parser: Parser): string {
  if (shell.dialect === 'bash') return bash(shell, error, parser)
  const ash = shell.dialect === 'ash'
  const named =
    error.kind === 'token' &&
    !/^(?:[;&|()<>]+|newline|then|else|elif|fi|do|done|case|esac|while|until|for|\{|\}|!|in)$/.test(error.token)
  const wanted = error.wanted === '' || error.wanted === '!' ? '' : ` (expecting "${error.wanted}")`
  if (error.wanted === '!') return `${shell.zero}: ${error.line}: Syntax error: ${error.token}\n`
  const shown =
    error.kind === 'end'
      ? 'end of file'
      : error.token === 'newline'
        ? 'newline'
        : /^[<>]/.test(error.token)
          ? 'redirection'
          : named
            ? 'word'
            : `"${error.token}"`
  if (ash) {
    const at = shell.from === 'file' ? `line ${error.line}: ` : ''
    if (error.kind === 'quote')
      return `${shell.zero}: ${at}syntax error: ${error.token === '`' ? 'EOF in backquote substitution' : error.token === ')' ? 'unexpected end of file (expecting ")")' : error.token === '}' ? "missing '}'" : 'unterminated quoted string'}\n`
    return `${shell.zero}: ${at}syntax error: unexpected ${shown}${wanted}\n`
  }
  if (error.kind === 'quote')
    return `${shell.zero}: ${parser.lines}: Syntax error: ${error.token === '`' ? 'EOF in backquote substitution' : error.token === ')' ? 'end of file unexpected (expecting ")")' : error.token === '}' ? "Missing '}'" : 'Unterminated quoted string'}\n`
  return `${shell.zero}: ${error.kind === 'end' ? parser.lines : error.line}: Syntax error: ${shown} unexpected${wanted}\n`
}

function bash(shell: Interpreter, error: Unreadable, parser: Parser): string {
  const file = shell.file === '' ? shell.zero : shell.file
  const off = shell.from === 'command' && shell.old && shell.file === '' ? 1 : 0
  const where = (line: number): string =>
    shell.from === 'terminal'
      ? `${shell.zero}: `
      : `${file}: ${shell.from === 'command' && shell.file === '' ? '-c: ' : ''}line ${line - off}: `
  if (error.kind === 'quote') {
    const newer = /^(?:5\.[2-9]|[6-9])/.test(shell.version)
    const matching = `${where(error.token === ')' && !newer ? parser.lines : error.line)}unexpected EOF while looking for matching \`${error.token}'\n`
    return newer ? matching : `${matching}${where(parser.lines + 1)}syntax error: unexpected end of file\n`
  }
  if (error.kind === 'end') return `${where(parser.lines + 1)}syntax error: unexpected end of file\n`
  const line = parser.textOf(error.line)
  const shown = shell.from === 'terminal' ? '' : `${where(error.line)}\`${line}'\n`
  if (error.kind === 'condition')
    return error.wanted === 'operand' && error.token !== ']]'
      ? `${where(error.line)}unexpected token \`${error.token}' in conditional command\n${where(error.line)}syntax error near \`${error.token}'\n${shown}`
      : error.token === ']]'
        ? `${where(error.line)}syntax error near \`${error.token}'\n${shown}`
        : `${where(error.line)}conditional binary operator expected\n${where(error.line)}syntax error near \`${error.token}'\n${shown}`
  return `${where(error.line)}syntax error near unexpected token \`${error.token}'\n${shown}`
}
