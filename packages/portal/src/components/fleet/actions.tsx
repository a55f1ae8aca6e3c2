import { useState, type ReactNode } from 'react'
import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { send } from '../../api.ts'
import type { Sensor } from '../../fleet.ts'

/** Rename, move, quarantine, revoke, remove. */
export function Actions({ sensor }: { sensor: Sensor }): ReactNode {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [sure, setSure] = useState<'revoked' | 'remove'>()
  const [problem, setProblem] = useState('')
  const change = (body: object): Promise<void> =>
    send('PATCH', `sensors/${sensor.name}`, body).then(
      () => {
        setProblem('')
        setEditing(false)
        setSure(undefined)
        void client.invalidateQueries()
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    )
  const remove = (): void =>
    void send('DELETE', `sensors/${sensor.name}`).then(() => {
      void client.invalidateQueries()
      void navigate({ to: '/fleet', search: {} as never })
    })
  return (
    <>
      <p className="buttons">
        <button type="button" onClick={() => setEditing(!editing)}>
          Rename or move
        </button>
        {sensor.state === 'quarantined' || sensor.state === 'revoked' ? (
          <button type="button" onClick={() => void change({ state: 'active' })}>
            {sensor.state === 'revoked' ? 'Let it join again' : 'End quarantine'}
          </button>
        ) : (
          <button
            type="button"
            title="Its events are kept, but count for nothing until the quarantine ends"
            onClick={() => void change({ state: 'quarantined' })}
          >
            Quarantine
          </button>
        )}
        {sensor.state === 'revoked' ? null : (
          <button type="button" onClick={() => setSure('revoked')}>
            Revoke
          </button>
        )}
        <button type="button" onClick={() => setSure('remove')}>
          Remove
        </button>
      </p>
      {sure === undefined ? null : (
        <p className="warning" role="alert">
          {sure === 'revoked'
            ? 'Its certificate will be void: it can deliver nothing more until it joins again.'
            : 'It goes off the list and its certificate is void. Its events and its ledger stay.'}{' '}
          <button type="button" onClick={() => (sure === 'remove' ? remove() : void change({ state: 'revoked' }))}>
            Yes, {sure === 'remove' ? 'remove' : 'revoke'} {sensor.name}
          </button>{' '}
          <button type="button" className="quiet" onClick={() => setSure(undefined)}>
            No
          </button>
        </p>
      )}
      {problem === '' ? null : <p role="alert">{problem}</p>}
      {editing ? (
        <form
          className="fields row"
          onSubmit={(event) => {
            event.preventDefault()
            const form = new FormData(event.currentTarget)
            const text = (name: string): string => String(form.get(name) ?? '').trim()
            void change({
              title: text('title'),
              organisation: text('organisation'),
              group: text('group'),
              ring: Number(text('ring')),
              place: text('place'),
            })
          }}
        >
          <label>
            Name to show
            <input name="title" defaultValue={sensor.title} maxLength={120} />
          </label>
          <label>
            Organisation
            <input name="organisation" defaultValue={sensor.organisation} required pattern="[a-z0-9][a-z0-9._\-]*" />
          </label>
          <label>
            Group
            <input name="group" defaultValue={sensor.group} required pattern="[a-z0-9][a-z0-9._\-]*" />
          </label>
          <label>
            Ring
            <input name="ring" type="number" min={0} max={9} defaultValue={sensor.ring} />
          </label>
          <label>
            Place
            <input name="place" defaultValue={sensor.place} maxLength={120} />
          </label>
          <button type="submit">Save</button>
        </form>
      ) : null}
    </>
  )
}
