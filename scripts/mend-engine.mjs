// The shell's engine (just-bash) is built for other uses, and in a few places it says or does what no real bash does.
// Those are mended as it is bundled. Each mend must fit, or the build fails: a new version of the engine is looked at
// again.
const mends = [
  {
    why: 'help is that of bash',
    find: /(function \w+\(\)\{)(let \w+=\[\];\w+\.push\("just-bash shell builtins"\))/,
    put: (_, head, rest) =>
      `${head}return{exitCode:0,stdout:globalThis[Symbol.for("skep.shell")]?.help??"",stderr:""};${rest}`,
  },
  {
    why: 'a file that cannot be written ends one command, not the whole line, and the reason is told',
    find: /catch\((\w+)\)\{if\(!\w+\)throw \1;return\{error:(\w+)\("",`bash: \$\{(\w+)\}: cannot open redirect target\n`,1\)\}\}/,
    put: 'catch($1){return{error:$2("",`bash: ${$3}: ${$1.words??"Permission denied"}\n`,1)}}',
  },
  {
    why: 'a loop of links is named',
    find: /`bash: \$\{(\w+)\}: cannot open redirect target\n`/,
    put: '`bash: ${$1}: Too many levels of symbolic links\n`',
  },
  {
    why: 'programs are in sbin, too',
    find: /return (\w+)===`\/bin\/\$\{(\w+)\}`\|\|\1===`\/usr\/bin\/\$\{\2\}`/,
    put: 'return /^(\\/usr)?\\/s?bin\\/[^/]+$/.test($1)&&$1.endsWith("/"+$2)',
  },
  {
    why: 'what the shell itself knows needs no file',
    find: /(async function \w+\((\w+),(\w+),\w+\)\{)(if\(\3\.includes\("\/"\)\)\{let (\w+)=\2\.fs\.resolvePath\(\2\.state\.cwd,\3\);if\(!await)/,
    put: '$1{const own=$2.commands.get($3);if(own?.ofShell)return{cmd:own,path:$3}}$4',
  },
  {
    why: 'what is not there is not found, and no more is said',
    find: /\w+\((\w+)\)\?\w+\(`bash: \$\{\1\}: command not available in browser environments[^`]*`,127\):/,
    put: '',
  },
  {
    why: 'the version of the machine that is played',
    find: /case"BASH_VERSION":return (\w+);/,
    put: 'case"BASH_VERSION":return globalThis[Symbol.for("skep.shell")]?.version??$1;',
  },
  {
    why: 'what was counted as text and goes on as bytes has fewer of them: that is no fault',
    find: /\(!Number\.isSafeInteger\((\w+)\)\|\|\1<0\|\|\1>(\w+)\)&&this\.fail\(new \w+\(`\$\{\w+\}: invalid \$\{\w+\} accounting`,"output_size"\)\)/,
    put: '$1>$2&&($1=$2)',
  },
  {
    why: 'each line of a shell knows where it was before',
    find: /previousDir:"\/home\/user"/,
    put: 'previousDir:t.env?.OLDPWD??""',
  },
  {
    why: 'cd tells what it cannot do',
    find: /let (\w+)=(\w+)\.slice\((\w+)\);if\(\1\.length===0\|\|\1\[0\]==="~"\?/,
    put: (_, rest, args, at) =>
      `let ${rest}=${args}.slice(${at});if(${rest}.length>1)return{stdout:"",stderr:"bash: cd: too many arguments\\n",exitCode:1};if(${rest}[0]==="-"&&!e.state.previousDir)return{stdout:"",stderr:"bash: cd: OLDPWD not set\\n",exitCode:1};if(${rest}.length===0||${rest}[0]==="~"?`,
  },
  {
    why: 'the homes of all users are known',
    find: /(\w+)\.user==="root"\?"\/root":`~\$\{\1\.user\}`/,
    put: '(globalThis[Symbol.for("skep.shell")]?.homes?.[$1.user]??`~${$1.user}`)',
  },
  {
    why: 'bash says it so',
    find: /is an alias for "\$\{(\w+)\}"/,
    put: "is aliased to \\`${$1}'",
  },
]

/** For the bundler. */
export const mendEngine = {
  name: 'mend-engine',
  transform(code, id) {
    if (!/just-bash\/dist\/bundle\/index\.js$/.test(id.replaceAll('\\', '/'))) return null
    let mended = code
    for (const { why, find, put } of mends) {
      if (!find.test(mended)) throw new Error(`The shell's engine has changed; this no longer fits: ${why}`)
      mended = mended.replace(find, put)
    }
    return { code: mended, map: null }
  },
}
