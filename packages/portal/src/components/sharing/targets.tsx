import { useState, type ReactNode } from 'react'
import { send, useApi } from '../../api.ts'
import { number } from '../../format.ts'
import { Card, Hostile, Loading, Time } from '../basics.tsx'
import { Field, Form } from '../form.tsx'

interface Target {
  readonly name: string
  readonly title: string
  readonly enabled: boolean
  readonly dry: boolean
  readonly has_key: boolean
  readonly settings: Readonly<Record<string, unknown>>
  readonly reports: Readonly<Record<string, number>>
}
interface Report {
  readonly id: number
  readonly target: string
  readonly subject: string
  readonly state: string
  readonly made: number
  readonly sent: number | null
  readonly tries: number
  readonly answer: string
}

const states: Readonly<Record<string, string>> = {
  dry: 'made, not sent',
  waiting: 'waiting',
  sent: 'sent',
  failed: 'failed',
}

/** Whom the hub tells what it saw: off until an operator sets it up; what was sent stands here. */
export function Targets(): ReactNode {
  const { data } = useApi<{ targets: Target[] }>('sharing/targets')
  const [open, setOpen] = useState<string>()
  return (
    <Card title="Reporting out" wide>
      {data === undefined ? (
        <Loading />
      ) : (
        data.targets.map((one) => (
          <details
            key={one.name}
            open={open === one.name}
            onToggle={(event) => event.currentTarget.open && setOpen(one.name)}
          >
            <summary>
              {one.title}{' '}
              <span className="faint">
                {one.enabled ? (one.dry ? 'dry run' : 'on') : 'off'}
                {Object.entries(one.reports)
                  .map(([state, count]) => `, ${number(count)} ${states[state] ?? state}`)
                  .join('')}
              </span>
            </summary>
            <Form
              label={one.title}
              submit="Set"
              onSubmit={async (values) => {
                const settings: unknown = JSON.parse(values['settings'] || '{}')
                await send('PUT', `sharing/targets/${one.name}`, {
                  enabled: values['enabled'] !== undefined,
                  dry: values['dry'] !== undefined,
                  settings,
                  ...(values['key'] !== '' && { key: values['key'] }),
                })
                return 'Set'
              }}
            >
              <label className="check">
                <input type="checkbox" name="enabled" defaultChecked={one.enabled} />
                On
              </label>
              <label className="check">
                <input type="checkbox" name="dry" defaultChecked={one.dry} />
                Dry run: make the reports, do not send them
              </label>
              <Field
                name="key"
                label="Key"
                type="password"
                autoComplete="off"
                placeholder={one.has_key ? 'set; write here to change it' : ''}
              />
              <Field
                name="settings"
                label="Settings"
                hint='JSON, such as {} or {"confidence": 80}'
                defaultValue={JSON.stringify(one.settings)}
              />
            </Form>
            {open === one.name ? <Reports target={one.name} /> : null}
          </details>
        ))
      )}
    </Card>
  )
}

function Reports({ target }: { target: string }): ReactNode {
  const { data } = useApi<{ rows: Report[] }>('sharing/reports', { target, limit: 50 })
  if (data === undefined) return <Loading rows={2} />
  if (data.rows.length === 0) return <p className="faint">Nothing was reported yet.</p>
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`Reports to ${target}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Made</th>
            <th scope="col">About</th>
            <th scope="col">State</th>
            <th scope="col" className="numeric">
              Tries
            </th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {data.rows.map((row) => (
            <tr key={row.id}>
              <td>
                <Time at={new Date(row.made).toISOString()} relative />
              </td>
              <td>
                <Hostile text={row.subject} url />
              </td>
              <td>{states[row.state] ?? row.state}</td>
              <td className="numeric">{row.tries}</td>
              <td>{row.answer === '' ? '' : <Hostile text={row.answer} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
