import { useState, type ReactNode } from 'react'
import { send, useApi } from '../../api.ts'
import { number, plural } from '../../format.ts'
import { Card, Empty, Hostile, Loading, Time } from '../basics.tsx'
import { Choice, Field, Form, Sure } from '../form.tsx'
import { kindList, kindNames, tlps } from './kinds.ts'

export interface SharingState {
  readonly settings: {
    readonly licence: string
    readonly licence_url: string
    readonly contact: string
    readonly tlp: Readonly<Record<string, string>>
    readonly block_confidence: number
  }
  readonly communities: readonly {
    readonly name: string
    readonly title: string
    readonly tlp: string
    readonly kinds: readonly string[]
    readonly numbers: boolean
    readonly delay_minutes: number
    readonly everyone: boolean
    readonly members: readonly { organisation: string; since: number; revoked: number | null }[]
  }[]
  readonly ttl: {
    readonly days: Readonly<Record<string, number>>
    readonly measured: readonly { kind: string; returns: number; half: number; most: number }[]
  }
  readonly contents: {
    readonly made: string
    readonly counts: Readonly<Record<string, number>>
    readonly left: Readonly<Record<string, Readonly<Record<string, number>>>>
  } | null
  readonly warninglists: readonly string[]
  readonly refused_lists: readonly { file: string; reason: string }[]
}

const tlpOptions = tlps.map((tlp) => [tlp, `TLP:${tlp.toUpperCase()}`] as const)

/** Who gets what: each agreement, its members, and what one of them would get. */
export function Agreements(): ReactNode {
  const { data } = useApi<SharingState>('sharing')
  const [preview, setPreview] = useState<string>()
  if (data === undefined) return <Loading />
  return (
    <Card title="Agreements" wide>
      {data.communities.length === 0 ? (
        <Empty>
          <p>Nothing is shared with anybody yet.</p>
        </Empty>
      ) : (
        data.communities.map((one) => (
          <section key={one.name} aria-label={one.title}>
            <h3>
              {one.title} <span className="faint">{one.name}</span>
            </h3>
            <p>
              {one.kinds.map((kind) => kindNames[kind] ?? kind).join(', ') || 'Nothing'}, up to TLP:
              {one.tlp.toUpperCase()}, {one.numbers ? 'with' : 'without'} numbers
              {one.delay_minutes === 0 ? ', at once' : `, after ${plural(one.delay_minutes, 'minute')}`}
              {one.everyone ? ', for everybody, without signing in' : ''}.
            </p>
            <ul className="plain">
              {one.members.map(({ organisation, revoked }) => (
                <li key={organisation}>
                  {organisation}{' '}
                  {revoked === null ? (
                    <>
                      <button type="button" className="quiet" onClick={() => setPreview(organisation)}>
                        What would they get?
                      </button>{' '}
                      <Sure
                        ask={`${organisation} gets nothing by this any longer?`}
                        onYes={() => send('DELETE', `sharing/communities/${one.name}/members/${organisation}`)}
                      >
                        Revoke
                      </Sure>
                    </>
                  ) : (
                    <span className="faint">
                      revoked <Time at={new Date(revoked).toISOString()} relative />
                    </span>
                  )}
                </li>
              ))}
            </ul>
            <Form
              row
              label={`Member of ${one.title}`}
              submit="Let join"
              onSubmit={async ({ organisation = '' }) => {
                await send('PUT', `sharing/communities/${one.name}/members/${organisation}`)
                return 'Joined'
              }}
            >
              <Field name="organisation" label="Organisation" pattern="[a-z0-9][a-z0-9._\-]*" required />
            </Form>
            <Sure
              ask={`End “${one.title}” for all its members?`}
              onYes={() => send('DELETE', `sharing/communities/${one.name}`)}
            >
              End the agreement
            </Sure>
          </section>
        ))
      )}
      {preview === undefined ? null : <Preview organisation={preview} />}
      <details>
        <summary>New agreement, or change one by its short name</summary>
        <Form
          label="Agreement"
          submit="Make or change"
          onSubmit={async (values) => {
            const { name = '', title = '', tlp, delay = '0' } = values
            await send('PUT', `sharing/communities/${name}`, {
              title,
              tlp,
              kinds: kindList.filter((kind) => values[`kind-${kind}`] !== undefined),
              numbers: values['numbers'] !== undefined,
              delay_minutes: Number(delay),
              everyone: values['everyone'] !== undefined,
            })
            return 'Made'
          }}
        >
          <Field name="name" label="Short name" pattern="[a-z0-9][a-z0-9._\-]*" required />
          <Field name="title" label="Title" maxLength={200} required />
          <Choice name="tlp" label="Nothing above" options={tlpOptions} defaultValue="green" />
          <Field name="delay" label="Minutes of delay" type="number" min={0} max={525_600} defaultValue={0} />
          <fieldset>
            <legend>Kinds</legend>
            {kindList.map((kind) => (
              <label key={kind} className="check">
                <input type="checkbox" name={`kind-${kind}`} defaultChecked={data.settings.tlp[kind] === 'clear'} />
                {kindNames[kind]} <span className="faint">TLP:{data.settings.tlp[kind]?.toUpperCase()}</span>
              </label>
            ))}
          </fieldset>
          <label className="check">
            <input type="checkbox" name="numbers" />
            With the numbers of events, sensors and organisations
          </label>
          <label className="check">
            <input type="checkbox" name="everyone" />
            For everybody, without signing in
          </label>
        </Form>
      </details>
    </Card>
  )
}

function Preview({ organisation }: { organisation: string }): ReactNode {
  const { data } = useApi<{
    tlp: string
    kinds: { kind: string; numbers: boolean; count: number; examples: { value: string }[] }[]
  }>('sharing/preview', { organisation_name: organisation })
  return (
    <section aria-label={`What ${organisation} would get`}>
      <h3>What {organisation} would get now</h3>
      {data === undefined ? (
        <Loading rows={3} />
      ) : (
        <ul className="plain">
          {data.kinds.map(({ kind, count, examples }) => (
            <li key={kind}>
              <strong>{number(count)}</strong> {kindNames[kind] ?? kind}
              {examples.map(({ value }) => (
                <div key={value}>
                  <Hostile text={value} url={kind === 'url' || kind === 'domain'} />
                </div>
              ))}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** What the neutral list holds, and what was left out of it, and why. */
export function Contents(): ReactNode {
  const { data } = useApi<SharingState>('sharing')
  if (data === undefined) return <Loading />
  const { contents, ttl, warninglists, refused_lists } = data
  return (
    <Card title="What there is to share" wide>
      {contents === null ? (
        <Empty>
          <p>The list is made when it is first asked for.</p>
        </Empty>
      ) : (
        <>
          <p>
            Made <Time at={contents.made} relative />.
          </p>
          <div className="scroll" tabIndex={0} role="region" aria-label="What there is to share">
            <table>
              <thead>
                <tr>
                  <th scope="col">Kind</th>
                  <th scope="col" className="numeric">
                    Listed
                  </th>
                  <th scope="col" className="numeric">
                    Days believed
                  </th>
                  <th scope="col">Left out</th>
                </tr>
              </thead>
              <tbody>
                {kindList.map((kind) => (
                  <tr key={kind}>
                    <td>{kindNames[kind]}</td>
                    <td className="numeric">{number(contents.counts[kind] ?? 0)}</td>
                    <td className="numeric">{ttl.days[kind]}</td>
                    <td>
                      {Object.entries(contents.left[kind] ?? {})
                        .map(([reason, count]) => `${number(count)} ${reason}`)
                        .join('; ')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <p className="faint">
        {ttl.measured.length === 0
          ? 'How long things stay listed is the usual time: too few came back to measure it.'
          : ttl.measured
              .map(
                ({ kind, returns, half, most }) =>
                  `Of ${number(returns)} returns of ${kind === 'url' ? 'URLs' : 'addresses'}, half came within ${plural(half, 'day')} and nine in ten within ${plural(most, 'day')}.`,
              )
              .join(' ')}{' '}
        {plural(warninglists.length, 'warninglist')} in use.
        {refused_lists.map(({ file, reason }) => ` ${file} is not: ${reason}.`).join('')}
      </p>
    </Card>
  )
}

/** Licence, contact and markings of all that is shared. */
export function Settings(): ReactNode {
  const { data } = useApi<SharingState>('sharing')
  if (data === undefined) return <Loading />
  const { settings } = data
  return (
    <Card title="Licence and markings" wide>
      <Form
        label="Settings of sharing"
        submit="Set"
        onSubmit={async (values) => {
          await send('PUT', 'sharing/settings', {
            licence: values['licence'],
            licence_url: values['licence_url'],
            contact: values['contact'],
            block_confidence: Number(values['block_confidence']),
            tlp: Object.fromEntries(kindList.map((kind) => [kind, values[`tlp-${kind}`]])),
          })
          return 'Set'
        }}
      >
        <Field name="licence" label="Licence" defaultValue={settings.licence} required />
        <Field name="licence_url" label="Its text" type="url" defaultValue={settings.licence_url} required />
        <Field name="contact" label="Contact for entries" type="email" defaultValue={settings.contact} />
        <Field
          name="block_confidence"
          label="Least confidence on blocklists"
          type="number"
          min={0}
          max={100}
          defaultValue={settings.block_confidence}
        />
        {kindList.map((kind) => (
          <Choice
            key={kind}
            name={`tlp-${kind}`}
            label={kindNames[kind] ?? kind}
            options={tlpOptions}
            defaultValue={settings.tlp[kind] ?? 'clear'}
          />
        ))}
      </Form>
    </Card>
  )
}
