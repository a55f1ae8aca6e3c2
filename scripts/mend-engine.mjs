// A few of the shell's programs come from a library (just-bash), and in a few places they do what no real one does. Those are
// mended as it is bundled. Each mend must fit, or the build fails: a new version of the library is looked at again.

/** What is mended in the part that has some words. */
const mends = [
  {
    why: 'awk fills numbers up with zeroes, and shows a plus where it is asked to',
    has: 'printf floating-point precision limit exceeded',
    find: /(let (\w+)=\w+\.toFixed\(\w+\);)if\((\w+)\)\{let (\w+)=parseInt\(\3,10\);(\w+)\.includes\("-"\)\?/,
    put: '$1if($5.includes("+")&&!$2.startsWith("-"))$2="+"+$2;if($3){let $4=parseInt($3,10);$5.includes("0")&&!$5.includes("-")?$2=($2.match(/^[-+]/)?.[0]??"")+$2.replace(/^[-+]/,"").padStart($4-($2.match(/^[-+]/)?1:0),"0"):$5.includes("-")?',
  },
  {
    why: 'awk cuts a number off',
    has: 'printf floating-point precision limit exceeded',
    find: /case"d":case"i":\{let (\w+)=(\w+)!==void 0\?Math\.floor\(/,
    put: 'case"d":case"i":{let $1=$2!==void 0?Math.trunc(',
  },
]
const met = new Set()
let there = false

/** For the bundler. */
export const mendEngine = {
  name: 'mend-engine',
  transform(code, id) {
    const path = id.replaceAll('\\', '/')
    if (/just-bash\/dist\/bundle\/index\.js$/.test(path)) there = true
    if (!/just-bash\/dist\/bundle\/chunks\//.test(path)) return null
    let mended = code
    for (const { why, has, find, put } of mends) {
      if (!code.includes(has) || !find.test(mended)) continue
      mended = mended.replace(find, put)
      met.add(why)
    }
    return mended === code ? null : { code: mended, map: null }
  },
  buildEnd() {
    const lost = mends.find(({ why }) => !met.has(why))
    if (there && lost !== undefined)
      throw new Error(`The library of programs has changed; this no longer fits: ${lost.why}`)
  },
}
