import { useId, useState, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'

/** What a form holds, as text. */
export type Values = Readonly<Record<string, string>>

/** A form that sends once, says what went wrong, and lets all lists look again after it. */
export function Form({
  children,
  submit,
  onSubmit,
  row = false,
  label,
}: {
  children?: ReactNode
  /** What the button says. */
  submit: string
  /** @returns what to say when it is done */
  onSubmit: (values: Values) => Promise<ReactNode>
  row?: boolean
  label?: string
}): ReactNode {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<{ good: boolean; text: ReactNode }>()
  return (
    <form
      className={row ? 'fields row' : 'fields'}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault()
        const form = event.currentTarget
        const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
        setBusy(true)
        onSubmit(values)
          .then(
            (text) => {
              setSaid({ good: true, text })
              form.reset()
              void client.invalidateQueries()
            },
            (error: unknown) => setSaid({ good: false, text: error instanceof Error ? error.message : String(error) }),
          )
          .finally(() => setBusy(false))
      }}
    >
      {children}
      <button type="submit" disabled={busy}>
        {submit}
      </button>
      {said === undefined || said.text === undefined ? null : (
        <p role={said.good ? 'status' : 'alert'} className={said.good ? 'said' : 'said warning'}>
          {said.text}
        </p>
      )}
    </form>
  )
}

/** A labelled field. */
export function Field({
  name,
  label,
  hint,
  ...input
}: {
  name: string
  label: string
  hint?: string
} & React.InputHTMLAttributes<HTMLInputElement>): ReactNode {
  const id = useId()
  return (
    <label>
      {label}
      <input name={name} aria-describedby={hint === undefined ? undefined : id} {...input} />
      {hint === undefined ? null : (
        <small id={id} className="faint">
          {hint}
        </small>
      )}
    </label>
  )
}

export function Choice({
  name,
  label,
  options,
  ...select
}: {
  name: string
  label: string
  options: readonly (readonly [string, string])[]
} & React.SelectHTMLAttributes<HTMLSelectElement>): ReactNode {
  return (
    <label>
      {label}
      <select name={name} {...select}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

/** A button that asks once more before it acts. */
export function Sure({
  children,
  ask,
  onYes,
}: {
  children: string
  ask: string
  onYes: () => Promise<unknown>
}): ReactNode {
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')
  if (!asking)
    return (
      <>
        <button type="button" className="quiet" onClick={() => setAsking(true)}>
          {children}
        </button>
        {problem === '' ? null : <span role="alert">{problem}</span>}
      </>
    )
  return (
    <span className="warning" role="alert">
      {ask}{' '}
      <button
        type="button"
        onClick={() => {
          setAsking(false)
          onYes().then(
            () => void client.invalidateQueries(),
            (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
          )
        }}
      >
        Yes
      </button>{' '}
      <button type="button" className="quiet" onClick={() => setAsking(false)}>
        No
      </button>
    </span>
  )
}
