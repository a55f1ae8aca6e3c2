import { type ReactNode } from 'react'
import { send, useApi } from '../../api.ts'
import { Card, Empty, Hostile, Loading, Time } from '../basics.tsx'
import { Sure } from '../form.tsx'

interface Waiting {
  readonly root: string
  readonly collection: string
  readonly added: number
  readonly at: string
  readonly author: string
  readonly id: string
  readonly type: string
  readonly body: string
}

/** What partners sent by TAXII and nobody has looked at yet. */
export function Inbox(): ReactNode {
  const { data } = useApi<{ rows: Waiting[] }>('sharing/inbox')
  const review = (one: Waiting, accept: boolean) => () =>
    send('POST', 'sharing/inbox', { root: one.root, collection: one.collection, added: [one.added], accept })
  return (
    <Card title="From partners, to be looked at" wide>
      {data === undefined ? (
        <Loading rows={2} />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>Nothing waits.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.rows.map((one) => (
            <li key={`${one.collection} ${one.added}`}>
              <strong>{one.type}</strong> from {one.author}, <Time at={one.at} relative />
              <Hostile text={one.body} block />
              <Sure ask="Show it to all partners?" onYes={review(one, true)}>
                Accept
              </Sure>
              <Sure ask="Refuse it?" onYes={review(one, false)}>
                Refuse
              </Sure>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
