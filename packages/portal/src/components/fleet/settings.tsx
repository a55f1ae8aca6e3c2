import { useState, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { send } from '../../api.ts'

const example = `{
  "services": { "ssh": 22, "telnet": 23, "http": [80, 8080] },
  "limits": { "sessions": 2000 },
  "upload": { "bytesPerSecond": 8000 },
  "schedules": [{ "from": "22:00", "to": "06:00", "bytesPerSecond": 64000 }]
}`

/** What is wanted of a sensor or a group, as a document. */
export function Settings({
  scope,
  document,
  operator,
}: {
  scope: string
  document: Record<string, unknown>
  operator: boolean
}): ReactNode {
  const client = useQueryClient()
  const [text, setText] = useState(() =>
    Object.keys(document).length === 0 ? '{}' : JSON.stringify(document, null, 2),
  )
  const [note, setNote] = useState('')
  const [problem, setProblem] = useState('')
  if (!operator) return <pre tabIndex={0}>{text}</pre>
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault()
        let wanted: unknown
        try {
          wanted = JSON.parse(text)
        } catch (error) {
          return setProblem(`This is no JSON: ${error instanceof Error ? error.message : ''}`)
        }
        send('PUT', `desired/${scope}`, { document: wanted, note }).then(
          () => {
            setProblem('')
            setNote('')
            void client.invalidateQueries()
          },
          (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
        )
      }}
    >
      <label>
        Settings (JSON): persona, services, any, limits, spoolBytes, spoolDays, upload, schedules
        <textarea
          rows={Math.min(24, Math.max(6, text.split('\n').length + 1))}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <label>
        Why
        <input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />
      </label>
      {problem === '' ? null : (
        <p role="alert" className="warning">
          {problem}
        </p>
      )}
      <p className="buttons">
        <button type="submit">Want this</button>
        {text === '{}' ? (
          <button type="button" className="quiet" onClick={() => setText(example)}>
            Show an example
          </button>
        ) : null}
        <span className="faint">
          Signed by the hub, checked by the sensor, and taken back where it cannot be applied.
        </span>
      </p>
    </form>
  )
}
