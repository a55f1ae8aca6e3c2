// Runs in a worker thread: reading a million lines must not stop the hub from answering.
import { parentPort, workerData } from 'node:worker_threads'
import { loadSnapshot, type Snapshot } from './snapshot.ts'

const tables = loadSnapshot(workerData as Snapshot)
const arrays = [tables.origins, tables.places].flatMap(({ v4, v6 }) => [...v4, ...v6])
parentPort?.postMessage(tables, [...new Set(arrays.map((array) => array.buffer))])
