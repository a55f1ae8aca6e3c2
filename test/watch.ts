import { isMainThread, Worker } from 'node:worker_threads'
import { beforeEach, expect } from 'vitest'

// A test that never gives its turn away cannot be ended by its own time limit: the run would stand still and say nothing.
// A second thread looks; where nothing moves it names the test, says where the code stands, and ends the process.

/** What no turn may take, in seconds: the longest program that a test waits for takes 150. */
const longest = 300

const shared = new SharedArrayBuffer(4096)
const beat = new Int32Array(shared, 0, 1)
const named = new Uint8Array(shared, 8)

beforeEach(() => {
  const { testPath = '', currentTestName = '' } = expect.getState()
  new TextEncoder().encodeInto(`${testPath} > ${currentTestName}`.padEnd(1000).slice(0, 1000), named)
})

if (isMainThread) {
  setInterval(() => Atomics.add(beat, 0, 1), 1000).unref()
  const watcher = new Worker(
    `const { Session } = require('node:inspector')
     const { writeSync } = require('node:fs')
     const { workerData } = require('node:worker_threads')
     const { shared, longest } = workerData
     const beat = new Int32Array(shared, 0, 1)
     let [last, still] = [-1, 0]
     setInterval(() => {
       const now = Atomics.load(beat, 0)
       still = now === last ? still + 1 : 0
       last = now
       if (still !== longest) return
       const name = Buffer.from(new Uint8Array(shared, 8)).toString('utf8').replaceAll('\\0', '').trim()
       writeSync(2, '\\nno turn for ' + longest + ' s: ' + name + '\\n')
       const session = new Session()
       session.connectToMainThread()
       const files = new Map()
       session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
       session.on('Debugger.paused', ({ params }) => {
         for (const { functionName, location } of params.callFrames)
           writeSync(2, '  at ' + functionName + ' ' + files.get(location.scriptId) + ':' + (location.lineNumber + 1) + '\\n')
         process.kill(process.pid, 'SIGKILL')
       })
       session.post('Debugger.enable')
       session.post('Debugger.pause')
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000)
     }, 1000)`,
    { eval: true, workerData: { shared, longest: Number(process.env['SKEP_TURN'] ?? longest) } },
  )
  watcher.unref()
}
