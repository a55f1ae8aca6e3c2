import fc from 'fast-check'

// Programs of the shell, made by chance: what a real shell makes of them, ours has to make of them, too.

const anywhere = [
  `a`,
  `b c`,
  `x*y`,
  `1`,
  `-3`,
  `007`,
  `$v`,
  `"$v"`,
  `\${v}`,
  `"\${v:-d}"`,
  `\${u-e}`,
  `\${u:=z}`,
  `\${#v}`,
  `\${v#a}`,
  `\${v##*b}`,
  `\${v%c*}`,
  `\${v%%b*}`,
  `$1`,
  `"$@"`,
  `"$*"`,
  `$#`,
  `$?`,
  `$(echo s t)`,
  `"$(echo s  t)"`,
  `\`echo q\``,
  `$((v2+1))`,
  `'sq $v'`,
  `\\$v`,
  `"\\$v\\n"`,
  `~`,
  `"a"b'c'`,
  `$((1?2:3))`,
  `"\${u+set}"`,
  `\${v+set}`,
  `[ab]*`,
  `/etc/pass[w]d`,
  `$((1/0))`,
  `\${v:=}`,
  `*`,
  `\\*`,
  `''`,
  `""`,
  `"\${v#"a"}"`,
  `$(( (1+2)*3 ))`,
  `$((v2>3 && 1 || 0))`,
  `$((~5 & 0xff))`,
  `\${#}`,
  `\${*}`,
  `\${w:-$(echo k)}`,
]
const bashWords =
  `\${v/b/X} \${v//[ab]/-} \${v^^} \${v^} \${v:1} \${v:1:2} \${a[1]} "\${a[@]}" \${a[@]:1} \${#a[@]} \${!a[@]} "\${a[*]}" $((2**3%5)) $'t\\tx\\x41' {p,q}r {1..3} {c..a} {01..03} a{b,{c,d}}e \${v@Q} $((n++)) $((--n)) \${!r} $((08)) \${v//b} \${v/%c/Z} \${v/#a/Z} \${a[-1]} "\${a[@]/x/y}" \${v,,} $((10#09)) \${v:$((1)):1}`.split(
    ' ',
  )

/** @param bash whether what only bash knows is in them */
export function programs(bash: boolean): fc.Arbitrary<string> {
  const word = fc.constantFrom(...anywhere, ...(bash ? bashWords : []))
  const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((all) => all.join(' '))
  const both = fc.oneof(
    words.map((w) => `echo ${w}`),
    words.map((w) => `printf '<%s>\\n' ${w}`),
    word.map((w) => `v=${w}`),
    fc.constant('v2=4'),
    words.map((w) => `set -- ${w}`),
    word.map((w) => `unset v; echo [${w}]`),
    fc.constantFrom(
      'shift; echo "$#"',
      "trap 'echo bye' EXIT",
      'x=1 y=2; echo $x$y; unset x y',
      'IFS=,; echo $v "$*"; IFS=\' \'',
    ),
    word.map((w) => `export E=${w}; echo "$E"`),
    word.map((w) => `g() { echo "f:$# $1"; return 3; }; g ${w}; echo $?`),
    fc.constantFrom(
      'eval "echo $v"',
      'type echo cd',
      'echo out 1>&2; echo both 2>&1',
      'echo "p:q r" | { IFS=: read x y z; echo "$x|$y|$z"; }',
      'while getopts ab: o -a -b v; do echo "$o $OPTARG"; done; OPTIND=1',
    ),
    fc.constantFrom(
      'cat_=1; echo "a\\nb"',
      "printf '%d|%5s|%-4s|%x\\n' 3 q r 255",
      'readonly Q=1; echo $Q',
      'cd /; pwd; cd - >/dev/null',
      'umask 077; umask',
      'command -v echo',
      'return 3',
      '. /nosuch/file; echo after',
      'echo a >/nosuch/x; echo $?',
    ),
  )
  const ofBash = fc.oneof(
    words.map((w) => `a=(${w})`),
    word.map((w) => `a+=(${w})`),
    word.map((w) => `v+=${w}`),
    word.map((w) => `read x y <<< ${w}; echo "$x|$y"`),
    fc.constantFrom(
      'let n=n+2; echo $n',
      'declare -i k=3+4; echo $k',
      'declare -A m=([a]=1 [b]=2); echo "${m[a]}" "${#m[@]}"',
      "mapfile -t L <<< $'a\\nb'; echo ${#L[@]} ${L[1]}",
      "printf -v P '%03d' 7; echo $P",
      'echo $(( n += 2, n * 2 )) $n',
      'a[5]=q; echo "${!a[@]}"',
      'set -o pipefail',
      'shopt -s nullglob',
      'shopt -s nocasematch',
      '[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}',
      '((v2 > 3))',
    ),
  )
  const simple = bash ? fc.oneof(both, ofBash) : both
  const test = fc.oneof(
    fc.tuple(fc.constantFrom('=', '!=', '-eq', '-lt'), word).map(([op, w]) => `[ x ${op} ${w} ]`),
    fc.constantFrom(
      'true',
      'false',
      '[ -z "$u" ]',
      '[ -n "$v" ]',
      '! true',
      '[ a -a b -o c ]',
      '[ ! -e /nosuch ]',
      '[ -d /etc ]',
    ),
    ...(bash
      ? [
          fc
            .tuple(fc.constantFrom('==', '!=', '-eq', '<', '-gt'), fc.constantFrom(...bashWords))
            .map(([op, w]) => `[[ $v ${op} ${w} ]]`),
        ]
      : []),
  )
  const { command } = fc.letrec<{ command: string; list: string }>((tie) => ({
    list: fc.array(tie('command'), { minLength: 1, maxLength: 3 }).map((all) => all.join('; ')),
    command: fc.oneof(
      { depthSize: 'small' },
      simple,
      fc.tuple(test, tie('list'), tie('list')).map(([t, a, b]) => `if ${t}; then ${a}; else ${b}; fi`),
      fc.tuple(words, tie('list')).map(([w, b]) => `for i in ${w}; do ${b}; echo "i=$i"; done`),
      fc.tuple(tie('list')).map(([b]) => `k=0; while [ $k -lt 2 ]; do k=$((k+1)); ${b}; done`),
      fc
        .tuple(word, tie('list'), tie('list'))
        .map(([w, a, b]) => `case ${w === 'b c' ? 'a' : w} in a*|b) ${a};; *[0-9]) ${b};; *) echo other;; esac`),
      fc.tuple(tie('list')).map(([b]) => `( ${b} )`),
      fc.tuple(tie('list')).map(([b]) => `{ ${b}; }`),
      fc.tuple(tie('command'), fc.constantFrom('&&', '||'), tie('command')).map(([a, op, b]) => `${a} ${op} ${b}`),
      fc.tuple(tie('command')).map(([a]) => `${a} | while read -r l; do echo "[$l]"; done`),
      fc.tuple(tie('list')).map(([a]) => `f() { ${a}; }; f p q; echo $?`),
      fc.tuple(tie('list')).map(([a]) => `s=$(${a}); echo "$s"`),
      test.map((t) => `${t}; echo $?`),
      fc.constantFrom('set -e', 'set -u', 'set -f'),
    ),
  }))
  return fc.array(command, { minLength: 1, maxLength: 3 }).map((all) => all.join('; '))
}
