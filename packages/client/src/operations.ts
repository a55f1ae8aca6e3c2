// Made from the OpenAPI document by packages/hub/src/api/client.ts; do not edit.
// To make it anew: SKEP_WRITE_DOCS=1 npx vitest run test/client.test.ts

/** Every operation: what it takes and what it answers. */
export interface Operations {
  /** The ways to sign in */
  'GET /api/v1/signin': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { providers: { name: string; title: string }[]; mail: boolean }
  }
  /** Sign in by e-mail and password */
  'POST /api/v1/signin': {
    path: Record<never, never>
    query: Record<never, never>
    body: { email: string; password: string }
    answer: { step: 'done' | 'second'; methods: ('totp' | 'passkey' | 'code')[] }
  }
  /** The second factor: a code of the authenticator, or one of the recovery codes */
  'POST /api/v1/signin/code': {
    path: Record<never, never>
    query: Record<never, never>
    body: { code: string }
    answer: { done: true }
  }
  /** What a browser needs for signing in by passkey */
  'POST /api/v1/signin/passkey/options': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: Record<string, unknown>
  }
  /** Sign in by passkey, alone or as the second factor */
  'POST /api/v1/signin/passkey': {
    path: Record<never, never>
    query: Record<never, never>
    body: { id: string; response: Record<string, unknown> }
    answer: { done: true }
  }
  /** Ask for a link to choose a new password; the answer is the same whether there is an account or not */
  'POST /api/v1/recovery': {
    path: Record<never, never>
    query: Record<never, never>
    body: { email: string }
    answer: { done: true }
  }
  /** Choose a password with the secret of an invitation or a recovery link */
  'POST /api/v1/welcome': {
    path: Record<never, never>
    query: Record<never, never>
    body: { secret: string; password: string }
    answer: { step: 'done' | 'second'; methods: ('totp' | 'passkey' | 'code')[] }
  }
  /** Sign out */
  'POST /api/v1/signin/out': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Who asks, for which organisation, and what that allows */
  'GET /api/v1/me': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      label: string
      role: string
      can: string[]
      organisation: string | null
      version: string
      person: {
        email: string
        name: string
        language: string
        operator: boolean
        password: boolean
        totp: boolean
        codes: number
        passkeys: { id: string; label: string; created: number; last_used: number | null }[]
        organisations: { organisation: string; title: string; role: string }[]
      } | null
      networks: { asns: number[]; prefixes: string[]; sensors: number } | null
    }
  }
  /** Change name, language, or the organisation to act for */
  'PATCH /api/v1/me': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      name?: string | undefined
      language?: ('en' | 'id' | 'zh' | 'hi' | 'ja' | 'vi' | 'th' | 'km' | 'tet' | 'fr') | undefined
      organisation?: (string | '') | undefined
    }
    answer: { done: true }
  }
  /** Change the password; all other sign-ins end */
  'PUT /api/v1/me/password': {
    path: Record<never, never>
    query: Record<never, never>
    body: { present?: string | undefined; password: string }
    answer: { done: true }
  }
  /** Begin one-time codes: a secret for the authenticator */
  'POST /api/v1/me/totp': {
    path: Record<never, never>
    query: Record<never, never>
    body: { present?: string | undefined }
    answer: { secret: string; uri: string }
  }
  /** Turn one-time codes on, with a code that shows that the authenticator has the secret */
  'PUT /api/v1/me/totp': {
    path: Record<never, never>
    query: Record<never, never>
    body: { present?: string | undefined; secret: string; code: string }
    answer: { codes: string[] }
  }
  /** Turn one-time codes off */
  'DELETE /api/v1/me/totp': {
    path: Record<never, never>
    query: Record<never, never>
    body: { present?: string | undefined }
    answer: { done: true }
  }
  /** What a browser needs to make a passkey */
  'POST /api/v1/me/passkeys/options': {
    path: Record<never, never>
    query: Record<never, never>
    body: { present?: string | undefined }
    answer: Record<string, unknown>
  }
  /** Add a passkey */
  'POST /api/v1/me/passkeys': {
    path: Record<never, never>
    query: Record<never, never>
    body: { label: string; response: { id: string } }
    answer: { done: true }
  }
  /** Remove a passkey */
  'DELETE /api/v1/me/passkeys/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Where this account is signed in */
  'GET /api/v1/me/signins': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { rows: { id: string; agent: string; remote: string; created: number; last_used: number; this: boolean }[] }
  }
  /** End a sign-in; "others" ends all but this one */
  'DELETE /api/v1/me/signins/{id}': {
    path: { id: string | 'others' }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** The people of the organisation */
  'GET /api/v1/members': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        email: string
        name: string
        role: 'viewer' | 'trainer' | 'analyst' | 'admin'
        since: number
        second: number
      }[]
      roles: Record<string, string[]>
    }
  }
  /** Invite a person, or change the role of one */
  'POST /api/v1/members': {
    path: Record<never, never>
    query: Record<never, never>
    body: { email: string; name?: string | undefined; role: 'viewer' | 'trainer' | 'analyst' | 'admin' }
    answer: { mailed: boolean; link: string | null }
  }
  /** Take a person out of the organisation */
  'DELETE /api/v1/members/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** API tokens that still count; never their secrets */
  'GET /api/v1/tokens': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        role: string
        label: string
        scopes: string[]
        author: string
        created: number
        expires: number | null
        last_used: number | null
      }[]
    }
  }
  /** Make an API token. It carries no more than its author may do */
  'POST /api/v1/tokens': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      label: string
      role?: ('viewer' | 'trainer' | 'analyst' | 'admin' | 'operator') | undefined
      scopes?:
        | ('read' | 'secrets' | 'samples' | 'cases' | 'networks' | 'members' | 'train' | 'fetch' | 'operate')[]
        | undefined
      days?: number | undefined
    }
    answer: { token: string }
  }
  /** Void a token */
  'DELETE /api/v1/tokens/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** The audit log, the newest first: of the organisation, or of the honeynet for its operators */
  'GET /api/v1/audit': {
    path: Record<never, never>
    query: {
      before?: (number | null) | undefined
      limit?: number | undefined
      format?: ('json' | 'ndjson' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        id: number
        at: number
        actor: string
        organisation: string
        action: string
        subject: string
        detail: string
        remote: string
        hash: string
      }[]
      next: number | null
    }
  }
  /** Walk the chain of hashes: whether a line was changed or taken out. Keep the last hash elsewhere */
  'GET /api/v1/audit/proof': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { lines: number; last: string; broken: number | null }
  }
  /** Organisations and how many sensors each has */
  'GET /api/v1/organisations': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { organisations: { name: string; title: string; sensors: number }[] }
  }
  /** Make or change an organisation */
  'PUT /api/v1/organisations/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: { title: string; sector?: string | undefined; economy?: string | undefined }
    answer: { done: true }
  }
  /** All people */
  'GET /api/v1/users': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        email: string
        name: string
        operator: number
        disabled: number | null
        second: number | null
        memberships: number | null
        created: number
      }[]
    }
  }
  /** Make an account, or a new link for one whose owner lost the way in */
  'POST /api/v1/users': {
    path: Record<never, never>
    query: Record<never, never>
    body: { email: string; name?: string | undefined; operator?: boolean | undefined }
    answer: { id: string; link: string }
  }
  /** Shut or open an account, or take its second factors away after its owner has shown who it is */
  'PATCH /api/v1/users/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: { disabled?: boolean | undefined; operator?: boolean | undefined; reset_second?: true | undefined }
    answer: { done: true }
  }
  /** Providers of identities; never their secrets */
  'GET /api/v1/providers': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        title: string
        issuer: string
        client_id: string
        scope?: string | undefined
        admits?: ('known' | 'anyone') | undefined
        name: string
      }[]
    }
  }
  /** Set up a provider of identities (OpenID Connect). The address to come back to is /signin/back/{name} */
  'PUT /api/v1/providers/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: {
      title: string
      issuer: string
      client_id: string
      client_secret?: string | undefined
      scope?: string | undefined
      admits?: ('known' | 'anyone') | undefined
    }
    answer: { done: true }
  }
  /** Remove a provider of identities */
  'DELETE /api/v1/providers/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** The networks that the organisation claims, and their proofs; all claims for an operator */
  'GET /api/v1/claims': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        organisation: string
        resource: string
        method: 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator'
        state: 'pending' | 'proved' | 'refused' | 'lapsed'
        evidence: string
        author: string
        requested: number
        proved: number | null
        expires: number | null
      }[]
      methods: ('dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator')[]
    }
  }
  /** Claim an AS or a prefix, to be proved by one of several methods */
  'POST /api/v1/claims': {
    path: Record<never, never>
    query: Record<never, never>
    body: { resource: string; method: 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator' }
    answer: {
      claim: {
        id: string
        organisation: string
        resource: string
        method: 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator'
        state: 'pending' | 'proved' | 'refused' | 'lapsed'
        evidence: string
        author: string
        requested: number
        proved: number | null
        expires: number | null
      }
    }
  }
  /** A claim, and what to do to prove it */
  'GET /api/v1/claims/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      claim: {
        id: string
        organisation: string
        resource: string
        method: 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator'
        state: 'pending' | 'proved' | 'refused' | 'lapsed'
        evidence: string
        author: string
        requested: number
        proved: number | null
        expires: number | null
      }
      records: { name: string; value: string }[]
      recipients: string[]
      file?: { name: string; text: string } | undefined
      note: string
    }
  }
  /** Give a claim up */
  'DELETE /api/v1/claims/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Try to prove a claim now */
  'POST /api/v1/claims/{id}/check': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      claim: {
        id: string
        organisation: string
        resource: string
        method: 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator'
        state: 'pending' | 'proved' | 'refused' | 'lapsed'
        evidence: string
        author: string
        requested: number
        proved: number | null
        expires: number | null
      }
    }
  }
  /** Hand in an RPKI Signed Checklist (RFC 9323) of the file that the claim names */
  'POST /api/v1/claims/{id}/checklist': {
    path: { id: string }
    query: Record<never, never>
    body: { object: string }
    answer: {
      claim: {
        id: string
        organisation: string
        resource: string
        method: 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator'
        state: 'pending' | 'proved' | 'refused' | 'lapsed'
        evidence: string
        author: string
        requested: number
        proved: number | null
        expires: number | null
      }
    }
  }
  /** An operator approves or refuses a claim, whatever its method */
  'POST /api/v1/decisions/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: { approve: boolean; why?: string | undefined }
    answer: { done: true }
  }
  /** The contact of a network confirms by the secret of a message */
  'POST /api/v1/public/claim': {
    path: Record<never, never>
    query: Record<never, never>
    body: { secret: string }
    answer: { resource: string; organisation: string }
  }
  /** Customer ranges within the networks of the organisation: cases are grouped by them */
  'GET /api/v1/customers': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { rows: { id: string; prefix: string; title: string; contact: string }[] }
  }
  /** Enter a customer range; the same range again changes it */
  'POST /api/v1/customers': {
    path: Record<never, never>
    query: Record<never, never>
    body: { prefix: string; title: string; contact?: string | undefined }
    answer: { id: string }
  }
  /** Take a customer range out */
  'DELETE /api/v1/customers/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Offending addresses of a network: how many, how bad, new today, still active, quiet; and the time before */
  'GET /api/v1/mine/overview': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
    }
    body: Record<never, never>
    answer: {
      since: string
      until: string
      sources: number
      sources_before: number
      events: number
      new: number
      active: number
      quiet: number
      severities: {
        info?: number | undefined
        low?: number | undefined
        medium?: number | undefined
        high?: number | undefined
        critical?: number | undefined
      }
      as_name: string
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Unique offending addresses a day, by the worst that each did on it */
  'GET /api/v1/mine/days': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: { day: string; severity: 'info' | 'low' | 'medium' | 'high' | 'critical'; sources: number }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Offending addresses by announced prefix, now and in the time before */
  'GET /api/v1/mine/prefixes': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        prefix: string
        sources: number
        sources_before: number
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** What addresses did, by rule, with its ATT&CK technique, severity and likely cause */
  'GET /api/v1/findings': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        rule: string
        title: string
        technique: { id: string; name: string; tactic: string }
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        cause: string
        sources: number
        sources_before: number
        events: number
        first_seen: string
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** The addresses behind the figures: what each did, how bad it is, since when, whether it still does */
  'GET /api/v1/offenders': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
      rule?:
        | (
            | 'ssh-logins'
            | 'telnet-logins'
            | 'other-logins'
            | 'busybox-token'
            | 'miner'
            | 'discovery'
            | 'history-cleared'
            | 'defences-down'
            | 'rivals-killed'
            | 'binary-dropped'
            | 'payload'
            | 'artifact'
            | 'key-planted'
            | 'persistence'
            | 'password-changed'
            | 'web-exploit'
            | 'web-probe'
            | 'docker-api'
            | 'redis-takeover'
            | 'store-probe'
            | 'proxy'
            | 'probe'
          )
        | undefined
      technique?: string | undefined
      cause?:
        | (
            | 'iot-botnet'
            | 'miner'
            | 'redis-worm'
            | 'docker-worm'
            | 'ssh-worm'
            | 'malware'
            | 'web-exploiter'
            | 'proxy-abuse'
            | 'ssh-bruteforce'
            | 'login-bruteforce'
            | 'scanner'
          )
        | undefined
      state?: ('new' | 'active' | 'quiet') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        source: string
        prefix: string
        asn: number
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        causes: string[]
        rules: string[]
        events: number
        days: number
        first_seen: string
        last_seen: string
        state: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Programs that the addresses brought or fetched: files by hash, URLs, planted keys */
  'GET /api/v1/mine/malware': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        type: string
        value: string
        sources: number | null
        events: number | null
        first_seen: string
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Offending addresses in each customer range */
  'GET /api/v1/mine/customers': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: { prefix: string; title: string; contact: string; sources: number }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** A network beside those of its economy, sub-region and size: offending per 100,000 announced addresses */
  'GET /api/v1/peers': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
    }
    body: Record<never, never>
    answer: {
      mine: { offenders: number; addresses: number; rate: number; low: number; high: number } | null
      groups: {
        group: string
        networks: number
        rate: number
        median: number
        lower_quartile: number
        upper_quartile: number
        share_below: number
      }[]
    }
  }
  /** What is aimed at you, and what comes to all: for addresses, credentials, URLs, programs, tools */
  'GET /api/v1/verdicts': {
    path: Record<never, never>
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
      type?:
        | (
            | 'source'
            | 'credential'
            | 'url'
            | 'artifact'
            | 'command'
            | 'key'
            | 'hassh'
            | 'ja4'
            | 'agent'
            | 'target'
            | 'campaign'
          )
        | undefined
      verdict?: ('aimed' | 'regional' | 'global' | 'only here' | 'not enough data') | undefined
      entity?: string | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        run: string
        type: string
        entity: string
        verdict: string
        k: number | null
        d: number | null
        n: number | null
        expected: number | null
        group_kind: string
        group_name: string
        group_k: number | null
        group_expected: number | null
        lift: number | null
        p: number | null
        q: number | null
        here: number | null
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Campaigns: attacks that belong together by the same programs, keys and hosts */
  'GET /api/v1/campaigns': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        campaign: string
        name: string
        grade: 'A' | 'B'
        sources: number | null
        networks: number | null
        economies: number | null
        sessions: number | null
        sensors: number | null
        files: number | null
        keys: number | null
        hosts: number | null
        first_seen: string
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** One campaign: its numbers, its days, what it is aimed at */
  'GET /api/v1/campaigns/{campaign}': {
    path: { campaign: string }
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
    }
    body: Record<never, never>
    answer: {
      campaign: string
      name: string
      grade: 'A' | 'B'
      sources: number | null
      networks: number | null
      economies: number | null
      sessions: number | null
      sensors: number | null
      files: number | null
      keys: number | null
      hosts: number | null
      first_seen: string
      last_seen: string
      since: string
      until: string
      days: { day: string; sources: number | null; sessions: number | null; networks: number | null }[]
      verdict: string
      verdict_group: string
    }
  }
  /** What marks a campaign: programs, keys, hosts */
  'GET /api/v1/campaigns/{campaign}/marks': {
    path: { campaign: string }
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        type: 'file' | 'key' | 'host' | 'url'
        value: string
        sources: number | null
        sessions: number | null
        first_seen: string
        last_seen: string
        session: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Addresses that take part in a campaign */
  'GET /api/v1/campaigns/{campaign}/sources': {
    path: { campaign: string }
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        source: string
        asn: number | null
        as_name: string
        economy: string
        sessions: number | null
        sensors: number | null
        first_seen: string
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** What the conversations of a campaign type */
  'GET /api/v1/campaigns/{campaign}/commands': {
    path: { campaign: string }
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: { line: string; sessions: number | null; sources: number | null }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** The evidence about an address or a prefix: as data, or as a letter in ten languages */
  'GET /api/v1/packs': {
    path: Record<never, never>
    query: {
      subject: string
      since?: string | undefined
      until?: string | undefined
      language?: ('en' | 'id' | 'zh' | 'hi' | 'ja' | 'vi' | 'th' | 'km' | 'tet' | 'fr') | undefined
      format?: ('json' | 'text' | 'html' | 'pdf' | 'xarf' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      pack: {
        subject: string
        kind: 'address' | 'prefix'
        since: string
        until: string
        made: string
        asn: number
        as_name: string
        prefix: string
        economy: string
        first_seen: string
        last_seen: string
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        causes: (
          | 'iot-botnet'
          | 'miner'
          | 'redis-worm'
          | 'docker-worm'
          | 'ssh-worm'
          | 'malware'
          | 'web-exploiter'
          | 'proxy-abuse'
          | 'ssh-bruteforce'
          | 'login-bruteforce'
          | 'scanner'
        )[]
        confidence: 'high' | 'medium' | 'low'
        sensors: number
        organisations: number
        sessions: number
        events: number
        services: string[]
        ports: number[]
        findings: {
          rule: string
          title: string
          technique: { id: string; name: string; tactic: string }
          severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        }[]
        lines: {
          time: string
          source: string
          source_port: number
          target_port: number
          transport: string
          service: string
          text: string
          session: string
        }[]
        commands: string[]
        programs: { type: string; value: string }[]
        recordings: { session: string; sha256: string; time: string }[]
        addresses: {
          source: string
          severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
          first_seen: string
          last_seen: string
        }[]
      }
      guide: string[]
    }
  }
  /** Whom to write to about an address: the contacts that its registry names, and your own customer’s */
  'GET /api/v1/contacts': {
    path: Record<never, never>
    query: { subject: string }
    body: Record<never, never>
    answer: { rows: { role: string; name: string; email: string; from: string }[]; handle: string; note: string }
  }
  /** Send a pack: a letter with XARF and PDF, and a link by which the reader says that it has come */
  'POST /api/v1/packs/send': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      subject: string
      since?: string | undefined
      until?: string | undefined
      language?: ('en' | 'id' | 'zh' | 'hi' | 'ja' | 'vi' | 'th' | 'km' | 'tet' | 'fr') | undefined
      to: string
      escalate_days?: number | undefined
    }
    answer: { answer: string }
  }
  /** The reader of a letter says that it has come */
  'POST /api/v1/public/received': {
    path: Record<never, never>
    query: Record<never, never>
    body: { secret: string; words?: string | undefined }
    answer: { done: true }
  }
  /** The national CERT of each economy */
  'GET /api/v1/certs': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { certs: Record<string, { name: string; email: string }> }
  }
  /** Enter the national CERTs, by ISO code of their economy: they are offered as contacts, and get what nobody answers */
  'PUT /api/v1/certs': {
    path: Record<never, never>
    query: Record<never, never>
    body: { certs: Record<string, { name: string; email: string }> }
    answer: { done: true }
  }
  /** Cases of the organisation, the open and worst first; how many there are in each state */
  'GET /api/v1/cases': {
    path: Record<never, never>
    query: {
      limit?: number | undefined
      cursor?: string | undefined
      state?: ('new' | 'acknowledged' | 'working' | 'fixed' | 'false positive' | 'open' | 'closed') | undefined
      subject?: string | undefined
      assignee?: string | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        id: number
        subject: string
        cause: string
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        state: 'new' | 'acknowledged' | 'working' | 'fixed' | 'false positive'
        assignee: string
        opened: number
        first_seen: number
        last_seen: number
        events: number
        quiet_days: number
        closed: number | null
        relapses: number
      }[]
      next?: string | undefined
      counts: {
        new?: number | undefined
        acknowledged?: number | undefined
        working?: number | undefined
        fixed?: number | undefined
        'false positive'?: number | undefined
      }
      time_to_clean: {
        median: number | null
        curve: { at: number; share: number; watched: number }[]
        problems: number
        open: number
      }
    }
  }
  /** Open a case about an address, by the evidence that there is */
  'POST /api/v1/cases': {
    path: Record<never, never>
    query: Record<never, never>
    body: { subject: string }
    answer: { id: number }
  }
  /** A case: its days of attack and of silence, its history, and how to mend it */
  'GET /api/v1/cases/{id}': {
    path: { id: number }
    query: { language?: ('en' | 'id' | 'zh' | 'hi' | 'ja' | 'vi' | 'th' | 'km' | 'tet' | 'fr') | undefined }
    body: Record<never, never>
    answer: {
      case: {
        id: number
        subject: string
        cause: string
        severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
        state: 'new' | 'acknowledged' | 'working' | 'fixed' | 'false positive'
        assignee: string
        opened: number
        first_seen: number
        last_seen: number
        events: number
        quiet_days: number
        closed: number | null
        relapses: number
      }
      days: { day: string; severity: 'info' | 'low' | 'medium' | 'high' | 'critical'; sources: number }[]
      history: { at: number; actor: string; kind: string; detail: string }[]
      cause: string
      guide: string[]
    }
  }
  /** Change the state of a case, or who works on it */
  'PATCH /api/v1/cases/{id}': {
    path: { id: number }
    query: Record<never, never>
    body: {
      state?: ('new' | 'acknowledged' | 'working' | 'fixed' | 'false positive') | undefined
      assignee?: string | undefined
    }
    answer: { done: true }
  }
  /** Write a note into a case */
  'POST /api/v1/cases/{id}/notes': {
    path: { id: number }
    query: Record<never, never>
    body: { text: string }
    answer: { done: true }
  }
  /** Where alerts go; never the addresses of webhooks in full */
  'GET /api/v1/channels': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        kind: string
        title: string
        digest_minutes: number
        quiet_from: number | null
        quiet_until: number | null
        target: string
      }[]
      kinds: { kind: string; title: string }[]
    }
  }
  /** Add a channel. Mail goes only to people of the organisation; webhooks only to the public Internet */
  'POST /api/v1/channels': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      kind: 'mail' | 'webhook' | 'slack' | 'mattermost' | 'teams' | 'telegram'
      title: string
      target: Record<string, string>
      digest_minutes?: number | undefined
      quiet_from?: (number | null) | undefined
      quiet_until?: (number | null) | undefined
    }
    answer: { id: string; secret: string | null }
  }
  /** Send a message that says that the channel works */
  'POST /api/v1/channels/{id}/test': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { answer: string }
  }
  /** Remove a channel; what waits for it is dropped, and says so */
  'DELETE /api/v1/channels/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** What is watched for, what is open, and the last messages with what came of them */
  'GET /api/v1/alerts': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rules: {
        id: string
        title: string
        condition: Record<string, unknown>
        channels: string[]
        snoozed: number | null
        escalate_minutes: number | null
        escalate_to: string | null
        author: string
        open: number
      }[]
      states: {
        id: number
        rule: string
        title: string
        detail: string
        opened: number
        last: number
        closed: number | null
        acknowledged: string | null
        escalated: number | null
      }[]
      deliveries: {
        id: number
        channel: string
        rule: string
        title: string
        made: number
        due: number
        state: string
        attempts: number
        answer: string
        sent: number | null
      }[]
    }
  }
  /** Watch for something */
  'POST /api/v1/alerts': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      title: string
      condition:
        | {
            when: 'threshold'
            prefix?: string | undefined
            severity?: ('info' | 'low' | 'medium' | 'high' | 'critical') | undefined
            service?: string | undefined
            rule?:
              | (
                  | 'ssh-logins'
                  | 'telnet-logins'
                  | 'other-logins'
                  | 'busybox-token'
                  | 'miner'
                  | 'discovery'
                  | 'history-cleared'
                  | 'defences-down'
                  | 'rivals-killed'
                  | 'binary-dropped'
                  | 'payload'
                  | 'artifact'
                  | 'key-planted'
                  | 'persistence'
                  | 'password-changed'
                  | 'web-exploit'
                  | 'web-probe'
                  | 'docker-api'
                  | 'redis-takeover'
                  | 'store-probe'
                  | 'proxy'
                  | 'probe'
                )
              | undefined
            cause?:
              | (
                  | 'iot-botnet'
                  | 'miner'
                  | 'redis-worm'
                  | 'docker-worm'
                  | 'ssh-worm'
                  | 'malware'
                  | 'web-exploiter'
                  | 'proxy-abuse'
                  | 'ssh-bruteforce'
                  | 'login-bruteforce'
                  | 'scanner'
                )
              | undefined
            addresses: number
            hours?: number | undefined
          }
        | {
            when: 'first seen'
            prefix?: string | undefined
            severity?: ('info' | 'low' | 'medium' | 'high' | 'critical') | undefined
            service?: string | undefined
            rule?:
              | (
                  | 'ssh-logins'
                  | 'telnet-logins'
                  | 'other-logins'
                  | 'busybox-token'
                  | 'miner'
                  | 'discovery'
                  | 'history-cleared'
                  | 'defences-down'
                  | 'rivals-killed'
                  | 'binary-dropped'
                  | 'payload'
                  | 'artifact'
                  | 'key-planted'
                  | 'persistence'
                  | 'password-changed'
                  | 'web-exploit'
                  | 'web-probe'
                  | 'docker-api'
                  | 'redis-takeover'
                  | 'store-probe'
                  | 'proxy'
                  | 'probe'
                )
              | undefined
            cause?:
              | (
                  | 'iot-botnet'
                  | 'miner'
                  | 'redis-worm'
                  | 'docker-worm'
                  | 'ssh-worm'
                  | 'malware'
                  | 'web-exploiter'
                  | 'proxy-abuse'
                  | 'ssh-bruteforce'
                  | 'login-bruteforce'
                  | 'scanner'
                )
              | undefined
          }
        | { when: 'relapse' }
        | { when: 'aimed' }
        | { when: 'routing' }
        | { when: 'silence' }
      channels: string[]
      escalate_minutes?: (number | null) | undefined
      escalate_to?: (string | null) | undefined
    }
    answer: { id: string }
  }
  /** Change what is watched for */
  'PUT /api/v1/alerts/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: {
      title: string
      condition:
        | {
            when: 'threshold'
            prefix?: string | undefined
            severity?: ('info' | 'low' | 'medium' | 'high' | 'critical') | undefined
            service?: string | undefined
            rule?:
              | (
                  | 'ssh-logins'
                  | 'telnet-logins'
                  | 'other-logins'
                  | 'busybox-token'
                  | 'miner'
                  | 'discovery'
                  | 'history-cleared'
                  | 'defences-down'
                  | 'rivals-killed'
                  | 'binary-dropped'
                  | 'payload'
                  | 'artifact'
                  | 'key-planted'
                  | 'persistence'
                  | 'password-changed'
                  | 'web-exploit'
                  | 'web-probe'
                  | 'docker-api'
                  | 'redis-takeover'
                  | 'store-probe'
                  | 'proxy'
                  | 'probe'
                )
              | undefined
            cause?:
              | (
                  | 'iot-botnet'
                  | 'miner'
                  | 'redis-worm'
                  | 'docker-worm'
                  | 'ssh-worm'
                  | 'malware'
                  | 'web-exploiter'
                  | 'proxy-abuse'
                  | 'ssh-bruteforce'
                  | 'login-bruteforce'
                  | 'scanner'
                )
              | undefined
            addresses: number
            hours?: number | undefined
          }
        | {
            when: 'first seen'
            prefix?: string | undefined
            severity?: ('info' | 'low' | 'medium' | 'high' | 'critical') | undefined
            service?: string | undefined
            rule?:
              | (
                  | 'ssh-logins'
                  | 'telnet-logins'
                  | 'other-logins'
                  | 'busybox-token'
                  | 'miner'
                  | 'discovery'
                  | 'history-cleared'
                  | 'defences-down'
                  | 'rivals-killed'
                  | 'binary-dropped'
                  | 'payload'
                  | 'artifact'
                  | 'key-planted'
                  | 'persistence'
                  | 'password-changed'
                  | 'web-exploit'
                  | 'web-probe'
                  | 'docker-api'
                  | 'redis-takeover'
                  | 'store-probe'
                  | 'proxy'
                  | 'probe'
                )
              | undefined
            cause?:
              | (
                  | 'iot-botnet'
                  | 'miner'
                  | 'redis-worm'
                  | 'docker-worm'
                  | 'ssh-worm'
                  | 'malware'
                  | 'web-exploiter'
                  | 'proxy-abuse'
                  | 'ssh-bruteforce'
                  | 'login-bruteforce'
                  | 'scanner'
                )
              | undefined
          }
        | { when: 'relapse' }
        | { when: 'aimed' }
        | { when: 'routing' }
        | { when: 'silence' }
      channels: string[]
      escalate_minutes?: (number | null) | undefined
      escalate_to?: (string | null) | undefined
    }
    answer: { done: true }
  }
  /** Stop watching */
  'DELETE /api/v1/alerts/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Tell nothing for some hours; 0 ends it. What opens meanwhile is not told afterwards */
  'POST /api/v1/alerts/{id}/snooze': {
    path: { id: string }
    query: Record<never, never>
    body: { hours: number }
    answer: { done: true }
  }
  /** Say that somebody looks after it: it is not escalated */
  'POST /api/v1/alert-states/{id}/acknowledge': {
    path: { id?: (number | null) | undefined }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** What a condition would have told in the last 30 days */
  'POST /api/v1/alert-previews': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      condition:
        | {
            when: 'threshold'
            prefix?: string | undefined
            severity?: ('info' | 'low' | 'medium' | 'high' | 'critical') | undefined
            service?: string | undefined
            rule?:
              | (
                  | 'ssh-logins'
                  | 'telnet-logins'
                  | 'other-logins'
                  | 'busybox-token'
                  | 'miner'
                  | 'discovery'
                  | 'history-cleared'
                  | 'defences-down'
                  | 'rivals-killed'
                  | 'binary-dropped'
                  | 'payload'
                  | 'artifact'
                  | 'key-planted'
                  | 'persistence'
                  | 'password-changed'
                  | 'web-exploit'
                  | 'web-probe'
                  | 'docker-api'
                  | 'redis-takeover'
                  | 'store-probe'
                  | 'proxy'
                  | 'probe'
                )
              | undefined
            cause?:
              | (
                  | 'iot-botnet'
                  | 'miner'
                  | 'redis-worm'
                  | 'docker-worm'
                  | 'ssh-worm'
                  | 'malware'
                  | 'web-exploiter'
                  | 'proxy-abuse'
                  | 'ssh-bruteforce'
                  | 'login-bruteforce'
                  | 'scanner'
                )
              | undefined
            addresses: number
            hours?: number | undefined
          }
        | {
            when: 'first seen'
            prefix?: string | undefined
            severity?: ('info' | 'low' | 'medium' | 'high' | 'critical') | undefined
            service?: string | undefined
            rule?:
              | (
                  | 'ssh-logins'
                  | 'telnet-logins'
                  | 'other-logins'
                  | 'busybox-token'
                  | 'miner'
                  | 'discovery'
                  | 'history-cleared'
                  | 'defences-down'
                  | 'rivals-killed'
                  | 'binary-dropped'
                  | 'payload'
                  | 'artifact'
                  | 'key-planted'
                  | 'persistence'
                  | 'password-changed'
                  | 'web-exploit'
                  | 'web-probe'
                  | 'docker-api'
                  | 'redis-takeover'
                  | 'store-probe'
                  | 'proxy'
                  | 'probe'
                )
              | undefined
            cause?:
              | (
                  | 'iot-botnet'
                  | 'miner'
                  | 'redis-worm'
                  | 'docker-worm'
                  | 'ssh-worm'
                  | 'malware'
                  | 'web-exploiter'
                  | 'proxy-abuse'
                  | 'ssh-bruteforce'
                  | 'login-bruteforce'
                  | 'scanner'
                )
              | undefined
          }
        | { when: 'relapse' }
        | { when: 'aimed' }
        | { when: 'routing' }
        | { when: 'silence' }
    }
    answer: { days: { day: string; addresses: number; tells: boolean }[] | null }
  }
  /** The kinds of daily reports, and what the caller gets by mail */
  'GET /api/v1/reports': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      types: { type: string; subject: string; columns: number }[]
      subscribed: ('daily' | 'weekly' | 'monthly')[]
      mail: boolean
    }
  }
  /** A day of one report as CSV, with exactly Shadowserver’s columns; times are UTC */
  'GET /api/v1/reports/daily/{type}': {
    path: {
      type:
        | 'event4_honeypot_adb_scan'
        | 'event4_honeypot_brute_force'
        | 'event4_honeypot_darknet'
        | 'event4_honeypot_ddos'
        | 'event4_honeypot_ddos_amp'
        | 'event4_honeypot_ddos_target'
        | 'event4_honeypot_http_scan'
        | 'event4_honeypot_ics_scan'
        | 'event4_honeypot_ikev2_scan'
        | 'event4_honeypot_rdp_scan'
        | 'event4_honeypot_rocketmq_scan'
        | 'event4_honeypot_smb_scan'
    }
    query: { date: string }
    body: Record<never, never>
    answer: string
  }
  /** The summary of the last whole day, week or month */
  'GET /api/v1/reports/summary': {
    path: Record<never, never>
    query: {
      period?: ('daily' | 'weekly' | 'monthly') | undefined
      of?: string | undefined
      format?: ('json' | 'html' | 'pdf' | 'text') | undefined
    }
    body: Record<never, never>
    answer: { headline: string }
  }
  /** Get a report by mail, or no longer */
  'PUT /api/v1/me/reports': {
    path: Record<never, never>
    query: Record<never, never>
    body: { period: 'daily' | 'weekly' | 'monthly'; on: boolean }
    answer: { done: true }
  }
  /** Economies and likely causes of the last whole week, for everybody */
  'GET /api/v1/public/overview': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      since: string
      until: string
      economies: { key: string; sources: number }[]
      causes: { key: string; sources: number }[]
    }
  }
  /** Announcements of your resources beside ROAs and IRR objects, with every mismatch explained */
  'GET /api/v1/routing': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      at: number | null
      vantages: string[]
      lines: {
        prefix: string
        asn: number
        seen: number
        vantages: number
        rpki: 'valid' | 'invalid' | 'not found'
        irr: number[]
        problems: string[]
        certain: boolean
      }[]
      unused: { prefix: string; asn: number; maxLength: number }[]
    }
  }
  /** What feeds that the operators read know of an address, domain, URL or hash */
  'GET /api/v1/known': {
    path: Record<never, never>
    query: { value: string | string[] }
    body: Record<never, never>
    answer: { rows: { feed: string; event: string; info: string; type: string; value: string; stamp: number }[] }
  }
  /** MISP feeds that are read */
  'GET /api/v1/sharing/pulls': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        url: string
        title: string
        made: number
        last: number | null
        problem: string
        events: number
        values: number
      }[]
    }
  }
  /** Read a MISP feed from now on: the folder in which its manifest.json lies */
  'POST /api/v1/sharing/pulls': {
    path: Record<never, never>
    query: Record<never, never>
    body: { url: string; title: string }
    answer: { id: string }
  }
  /** Read a feed no longer, and forget what it knew */
  'DELETE /api/v1/sharing/pulls/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** What the caller gets by its agreements, and where: TAXII collections, feeds */
  'GET /api/v1/sharing/catalogue': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      tlp: 'clear' | 'green' | 'amber' | 'amber+strict' | 'red'
      terms: {
        kind:
          | 'address'
          | 'prefix'
          | 'url'
          | 'domain'
          | 'file'
          | 'key'
          | 'credential'
          | 'hassh'
          | 'ja4'
          | 'command'
          | 'campaign'
        numbers: boolean
        delay_minutes: number
      }[]
      taxii: { discovery: string; collections: { kind: string; title: string; path: string }[] }
      feeds: { path: string; title: string; kinds: string[] }[]
      licence: string
      licence_url: string
      ttl: Record<string, number>
    }
  }
  /** The agreements, the settings, and what the neutral list holds (operators) */
  'GET /api/v1/sharing': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      settings: {
        licence: string
        licence_url: string
        contact: string
        tlp: {
          address?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          prefix?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          url?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          domain?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          file?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          key?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          credential?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          hassh?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          ja4?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          command?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
          campaign?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        }
        block_confidence: number
      }
      communities: {
        title: string
        tlp: 'clear' | 'green' | 'amber' | 'amber+strict' | 'red'
        kinds: (
          | 'address'
          | 'prefix'
          | 'url'
          | 'domain'
          | 'file'
          | 'key'
          | 'credential'
          | 'hassh'
          | 'ja4'
          | 'command'
          | 'campaign'
        )[]
        numbers: boolean
        delay_minutes: number
        everyone: boolean
        name: string
        members: { organisation: string; since: number; revoked: number | null }[]
      }[]
      ttl: { days: Record<string, number>; measured: { kind: string; returns: number; half: number; most: number }[] }
      contents: { made: string; counts: Record<string, number>; left: Record<string, Record<string, number>> } | null
      warninglists: string[]
      refused_lists: { file: string; reason: string }[]
      waiting: number
    }
  }
  /** Set the licence, the markings and the contact of all that is shared */
  'PUT /api/v1/sharing/settings': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      licence: string
      licence_url: string
      contact: string
      tlp: {
        address?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        prefix?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        url?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        domain?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        file?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        key?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        credential?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        hassh?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        ja4?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        command?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
        campaign?: ('clear' | 'green' | 'amber' | 'amber+strict' | 'red') | undefined
      }
      block_confidence: number
    }
    answer: { done: true }
  }
  /** Make an agreement, or change it */
  'PUT /api/v1/sharing/communities/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: {
      title: string
      tlp: 'clear' | 'green' | 'amber' | 'amber+strict' | 'red'
      kinds: (
        | 'address'
        | 'prefix'
        | 'url'
        | 'domain'
        | 'file'
        | 'key'
        | 'credential'
        | 'hassh'
        | 'ja4'
        | 'command'
        | 'campaign'
      )[]
      numbers: boolean
      delay_minutes: number
      everyone: boolean
    }
    answer: { done: true }
  }
  /** End an agreement: from now on it gives nothing */
  'DELETE /api/v1/sharing/communities/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Let an organisation join an agreement */
  'PUT /api/v1/sharing/communities/{name}/members/{organisation}': {
    path: { name: string; organisation: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Revoke an organisation’s part in an agreement; it gets nothing by it any longer, at once */
  'DELETE /api/v1/sharing/communities/{name}/members/{organisation}': {
    path: { name: string; organisation: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** What would this partner get? Counts and examples of each kind, exactly as it would be given them */
  'GET /api/v1/sharing/preview': {
    path: Record<never, never>
    query: { organisation_name?: string | undefined }
    body: Record<never, never>
    answer: {
      tlp: 'clear' | 'green' | 'amber' | 'amber+strict' | 'red'
      kinds: {
        kind:
          | 'address'
          | 'prefix'
          | 'url'
          | 'domain'
          | 'file'
          | 'key'
          | 'credential'
          | 'hassh'
          | 'ja4'
          | 'command'
          | 'campaign'
        numbers: boolean
        delay_minutes: number
        count: number
        examples: { value: string }[]
      }[]
    }
  }
  /** What partners added by TAXII and nobody has looked at yet */
  'GET /api/v1/sharing/inbox': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        root: string
        collection: string
        added: number
        at: string
        author: string
        id: string
        type: string
        body: string
      }[]
    }
  }
  /** Show what a partner added to the others, or refuse it */
  'POST /api/v1/sharing/inbox': {
    path: Record<never, never>
    query: Record<never, never>
    body: { root: string; collection: string; added: number[]; accept: boolean }
    answer: { reviewed: number }
  }
  /** Whom the hub can tell what it saw, how each is set up, and how many reports are where */
  'GET /api/v1/sharing/targets': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      targets: {
        name: string
        title: string
        enabled: boolean
        dry: boolean
        has_key: boolean
        settings: Record<string, unknown>
        reports: Record<string, number>
      }[]
    }
  }
  /** Set up whom to tell. Dry: reports are made and kept here, and not sent. The key is kept sealed */
  'PUT /api/v1/sharing/targets/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: { enabled: boolean; dry: boolean; settings: Record<string, unknown>; key?: string | undefined }
    answer: { done: true }
  }
  /** What was told, to whom, and what was answered */
  'GET /api/v1/sharing/reports': {
    path: Record<never, never>
    query: { target?: string | undefined; limit?: number | undefined }
    body: Record<never, never>
    answer: {
      rows: {
        id: number
        target: string
        subject: string
        state: string
        body: string
        made: number
        sent: number | null
        tries: number
        answer: string
      }[]
    }
  }
  /** Make a key and secret for fetching the daily reports of the organisation over Shadowserver’s API */
  'POST /api/v1/me/shadowserver-keys': {
    path: Record<never, never>
    query: Record<never, never>
    body: { label?: string | undefined }
    answer: { address: string; key: string; secret: string }
  }
  /** Revoke such a key */
  'DELETE /api/v1/me/shadowserver-keys/{key}': {
    path: { key: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Addresses of one’s own networks that attacked on a day (UTC), as events of IntelMQ, one a line */
  'GET /api/v1/reports/intelmq': {
    path: Record<never, never>
    query: { date: string }
    body: Record<never, never>
    answer: string
  }
  /** Take lines of another honeypot’s log, one JSON object each. The same lines again count again */
  'POST /api/v1/intake/{format}': {
    path: {
      format:
        | 'cowrie'
        | 'mhn'
        | 'dionaea'
        | 'heralding'
        | 'opencanary'
        | 'eve'
        | 'cowrie-session'
        | 'dionaea-connection'
    }
    query: { sensor: string }
    body: Record<never, never>
    answer: { lines: number; events: number; skipped: Record<string, number> }
  }
  /** Who may come by hpfeeds, and what came since the start */
  'GET /api/v1/sharing/hpfeeds': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      running: boolean
      channels: string[]
      own_channel: string
      messages: number
      events: number
      refused: Record<string, number>
      idents: { ident: string; organisation: string; publishes: string; subscribes: string }[]
    }
  }
  /** Let somebody come by hpfeeds; makes a new secret each time */
  'PUT /api/v1/sharing/hpfeeds/{ident}': {
    path: { ident: string }
    query: Record<never, never>
    body: { organisation: string; publishes: string[]; subscribes: string[] }
    answer: { secret: string }
  }
  /** Let somebody come no longer */
  'DELETE /api/v1/sharing/hpfeeds/{ident}': {
    path: { ident: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** Events in the order in which they were committed, in the words of a SIEM, with a place to go on from */
  'GET /api/v1/stream': {
    path: Record<never, never>
    query: {
      as?: ('json' | 'ecs' | 'ocsf' | 'cef') | undefined
      cursor?: string | undefined
      since?: string | undefined
      limit?: number | undefined
      wait?: (number | null) | undefined
    }
    body: Record<never, never>
    answer: string
  }
  /** Where all events are sent as they come, and how far each is */
  'GET /api/v1/sharing/sinks': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      rows: {
        id: string
        settings: Record<string, unknown>
        sent: number
        problem: string
        made: number
        last: number | null
      }[]
    }
  }
  /** Send all events somewhere from now on: syslog over TLS, NATS or Kafka. Operators choose the host; it may be inside */
  'POST /api/v1/sharing/sinks': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      settings:
        | {
            kind: 'syslog'
            host: string
            port: number
            tls?: boolean | undefined
            ca?: string | undefined
            dialect?: ('json' | 'ecs' | 'ocsf' | 'cef') | undefined
          }
        | {
            kind: 'nats'
            host: string
            port?: number | undefined
            tls?: boolean | undefined
            ca?: string | undefined
            subject?: string | undefined
            dialect?: ('json' | 'ecs' | 'ocsf' | 'cef') | undefined
          }
        | {
            kind: 'kafka'
            host: string
            port?: number | undefined
            tls?: boolean | undefined
            ca?: string | undefined
            sasl?: ('plain' | 'scram-sha-256' | 'scram-sha-512') | undefined
            topic?: string | undefined
            dialect?: ('json' | 'ecs' | 'ocsf' | 'cef') | undefined
          }
      secret?: string | undefined
    }
    answer: { id: string }
  }
  /** Send there no longer */
  'DELETE /api/v1/sharing/sinks/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** The YARA rules in use: what is wrong with their files, and how often each was met */
  'GET /api/v1/yara': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      files: number
      problems: { file: string; problem: string }[]
      met: { rule: string; file: string; description: string; artifacts: number }[]
    }
  }
  /** What can be told of an artifact: size, type, hashes, TLSH, entropy, the YARA rules that it meets */
  'GET /api/v1/artifacts/{sha256}/facts': {
    path: { sha256: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      size: number
      type: string
      md5: string
      sha1: string
      sha256: string
      tlsh?: string | undefined
      entropy: number
      yara: { rule: string; file: string; tags: string[]; description: string; attack: string }[]
      yara_problem: string
    }
  }
  /** The artifact in a zip with the password “infected”; each download is in the audit log */
  'GET /api/v1/artifacts/{sha256}/sample': {
    path: { sha256: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: string
  }
  /** All sensors: how they are, their alerts, and what became of their events */
  'GET /api/v1/sensors': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      sensors: {
        name: string
        title: string
        organisation: string
        group: string
        ring: number
        place: string
        state: 'new' | 'online' | 'silent' | 'stopped' | 'quarantined' | 'revoked'
        created: number
        last_seen: number | null
        last_event: number | null
        skew_ms: number | null
        rtt_ms: number | null
        remote: string | null
        beat: Record<string, unknown> | null
        alerts: { kind: string; since: number; detail: string }[]
        made: number
        committed: number
        dropped: number
        waiting: number
        missing: number
      }[]
      groups: string[]
      dead_letters: { sensor: string; reason: string; count: number; last: number }[]
      refusals: { sensor: string; code: string; count: number; last: number }[]
      counts: Record<string, number>
      enrichment: string[]
    }
  }
  /** One sensor: how it is, its history, its ledger, and what is wanted of it */
  'GET /api/v1/sensors/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      sensor: {
        name: string
        title: string
        organisation: string
        group: string
        ring: number
        place: string
        state: 'new' | 'online' | 'silent' | 'stopped' | 'quarantined' | 'revoked'
        created: number
        last_seen: number | null
        last_event: number | null
        skew_ms: number | null
        rtt_ms: number | null
        remote: string | null
        beat: Record<string, unknown> | null
        alerts: { kind: string; since: number; detail: string }[]
        made: number
        committed: number
        dropped: number
        waiting: number
        missing: number
      }
      ledger: {
        sensor: string
        boot: string
        made: number
        received: number
        duplicates: number
        committed: number
        dropped: Record<string, number>
        waiting: number
        missing: number
        holes: { first: number; last: number }[]
        version: string
        first_heard: number
        last_heard: number
        closed: number | null
      }[]
      history: { at: number; kind: string; detail: string }[]
      desired: {
        version: number
        document: Record<string, unknown>
        own: Record<string, unknown>
        versions: { id: number; author: string; note: string; created: number }[]
      }
    }
  }
  /** Rename, move, quarantine, release or revoke a sensor */
  'PATCH /api/v1/sensors/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: {
      title?: string | undefined
      organisation?: string | undefined
      group?: string | undefined
      ring?: number | undefined
      place?: string | undefined
      state?: ('active' | 'quarantined' | 'revoked') | undefined
    }
    answer: { done: true }
  }
  /** Take a sensor off the list; its certificate is void, its events stay */
  'DELETE /api/v1/sensors/{name}': {
    path: { name: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { done: true }
  }
  /** What a sensor told hour by hour */
  'GET /api/v1/sensors/{name}/activity': {
    path: { name: string }
    query: { days?: number | undefined }
    body: Record<never, never>
    answer: {
      rows: { hour: string; events: number | null; beats: number | null }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
      since: string
      until: string
    }
  }
  /** Alerts of sensors: silent, alive but seeing nothing, missing events, clock, settings */
  'GET /api/v1/fleet/alerts': {
    path: Record<never, never>
    query: { all?: ('true' | 'false') | undefined }
    body: Record<never, never>
    answer: { alerts: { sensor: string; kind: string; since: number; cleared: number | null; detail: string }[] }
  }
  /** Per sensor and run: what was made, received, committed, declared dropped and why, and what is missing */
  'GET /api/v1/ledger': {
    path: Record<never, never>
    query: { sensor?: string | undefined; limit?: number | undefined }
    body: Record<never, never>
    answer: {
      made: number
      committed: number
      dropped: number
      waiting: number
      missing: number
      rows: {
        sensor: string
        boot: string
        made: number
        received: number
        duplicates: number
        committed: number
        dropped: Record<string, number>
        waiting: number
        missing: number
        holes: { first: number; last: number }[]
        version: string
        first_heard: number
        last_heard: number
        closed: number | null
      }[]
    }
  }
  /** Try to store dead letters again, as after an upgrade of the hub */
  'POST /api/v1/dead-letters/replay': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { tried: number; stored: number }
  }
  /** Events that could not be stored, in full */
  'GET /api/v1/dead-letters': {
    path: Record<never, never>
    query: { after?: (number | null) | undefined; limit?: number | undefined }
    body: Record<never, never>
    answer: { rows: Record<string, unknown>[] }
  }
  /** Make the line with which one sensor joins */
  'POST /api/v1/invites': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      organisation?: string | undefined
      group?: string | undefined
      ring?: number | undefined
      label?: string | undefined
      hours?: number | undefined
      gateway?: string | undefined
    }
    answer: { token: string; command: string; expires: number }
  }
  /** Invitations, used and unused; their secrets are not kept */
  'GET /api/v1/invites': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: { invites: Record<string, unknown>[] }
  }
  /** What is wanted of a sensor or a group, and earlier versions */
  'GET /api/v1/desired/{scope}': {
    path: { scope: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      version: number
      document: Record<string, unknown>
      versions: { id: number; document: Record<string, unknown>; author: string; note: string; created: number }[]
    }
  }
  /** Say what is wanted of a sensor or a group; sensors pull it with their next heartbeat */
  'PUT /api/v1/desired/{scope}': {
    path: { scope: string }
    query: Record<never, never>
    body: { document: Record<string, unknown>; note?: string | undefined }
    answer: { version: number }
  }
  /** Releases that sensors can be upgraded to, and how far they are rolled out */
  'GET /api/v1/releases': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      releases: { version: string; sha256: string; size: number; created: number }[]
      rollouts: Record<string, unknown>[]
    }
  }
  /** Roll a release out, ring by ring; each ring must run it well for a while before the next has it */
  'POST /api/v1/rollouts': {
    path: Record<never, never>
    query: Record<never, never>
    body: { version: string; gate_minutes?: number | undefined }
    answer: { done: true }
  }
  /** URLs of payloads: what is to be fetched, what came, and what did not and why */
  'GET /api/v1/fetches': {
    path: Record<never, never>
    query: {
      state?: ('wanted' | 'taken' | 'fetched' | 'failed' | 'refused') | undefined
      before?: (number | null) | undefined
      limit?: number | undefined
    }
    body: Record<never, never>
    answer: {
      counts: Record<string, number>
      rows: {
        id: string
        url: string
        host: string
        tool: string
        state: 'wanted' | 'taken' | 'fetched' | 'failed' | 'refused'
        seen: number
        taken: number | null
        done: number | null
        tries: number
        sha256: string
        size: number
        detail: string
        hops: { url: string; address: string; status: string }[]
      }[]
    }
  }
  /** Whether payloads are fetched, and within which bounds */
  'GET /api/v1/fetch-policy': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      enabled?: boolean | undefined
      hand?: boolean | undefined
      per_host?: number | undefined
      megabytes?: number | undefined
      seconds?: number | undefined
      never?: string[] | undefined
    }
  }
  /** Say whether payloads are fetched, and within which bounds */
  'PUT /api/v1/fetch-policy': {
    path: Record<never, never>
    query: Record<never, never>
    body: {
      enabled?: boolean | undefined
      hand?: boolean | undefined
      per_host?: number | undefined
      megabytes?: number | undefined
      seconds?: number | undefined
      never?: string[] | undefined
    }
    answer: { done: true }
  }
  /** For fetchers: take some URLs that are to be fetched */
  'POST /api/v1/fetches/take': {
    path: Record<never, never>
    query: Record<never, never>
    body: { most: number }
    answer: {
      wanted: { id: string; url: string; tool: string; bytes: number; seconds: number }[]
      never: string[]
      version: string
    }
  }
  /** For fetchers: tell what became of a URL */
  'POST /api/v1/fetches/{id}': {
    path: { id: string }
    query: Record<never, never>
    body: {
      outcome: 'fetched' | 'failed' | 'refused'
      detail?: string | undefined
      media?: string | undefined
      hops?: { url: string; address: string; status: string }[] | undefined
    }
    answer: { done: true }
  }
  /** First and last event in the store, and the sources of enrichment */
  'GET /api/v1/extent': {
    path: Record<never, never>
    query: Record<never, never>
    body: Record<never, never>
    answer: {
      first: string | null
      last: string | null
      events: number
      snapshots: { id: string; date: string; attribution: string }[]
    }
  }
  /** The numbers of a window, and of the window of the same length before it */
  'GET /api/v1/totals': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
    }
    body: Record<never, never>
    answer: {
      now: {
        events: number | null
        sessions: number | null
        sources: number | null
        auths: number | null
        commands: number | null
        payloads: number | null
        networks: number | null
        economies: number | null
      }
      before: {
        events: number | null
        sessions: number | null
        sources: number | null
        auths: number | null
        commands: number | null
        payloads: number | null
        networks: number | null
        economies: number | null
      }
      since: string
      until: string
      as_name: string
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Sessions, events and sources over time, by service */
  'GET /api/v1/timeline': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: { at: string; service: string; sessions: number | null; events: number | null; sources: number | null }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
      step: string
    }
  }
  /** Counts by service, economy, port or hour of the day */
  'GET /api/v1/breakdown': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
      by: 'service' | 'economy' | 'port' | 'hour'
    }
    body: Record<never, never>
    answer: {
      rows: {
        key?: (string | null) | undefined
        events: number | null
        sessions: number | null
        sources: number | null
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Origin ASes that attacked */
  'GET /api/v1/networks': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        asn: number | null
        as_name: string
        economy: string
        sources: number | null
        prefixes: number | null
        sessions: number | null
        events: number | null
        payloads: number | null
        first_seen: string
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Addresses that attacked */
  'GET /api/v1/sources': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        source: string
        asn: number | null
        as_name: string
        prefix: string
        economy: string
        events: number | null
        sessions: number | null
        auths: number | null
        accepted: number | null
        commands: number | null
        payloads: number | null
        sensors: number | null
        ports: (number | null)[]
        services: string[]
        first_seen: string
        last_seen: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Conversations */
  'GET /api/v1/sessions': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
      session?: string | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        session: string
        started: string
        source: string
        source_port: number | null
        target_port: number | null
        service: string
        transport: string
        asn: number | null
        as_name: string
        economy: string
        sensor: string
        events: number | null
        auths: number | null
        accepted: number | null
        commands: number | null
        payloads: number | null
        reason: string
        duration_ms: number | null
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Things that recur: URLs, artifacts, credentials, commands, keys, fingerprints */
  'GET /api/v1/indicators': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
      type: 'url' | 'artifact' | 'credential' | 'command' | 'key' | 'hassh' | 'ja4' | 'agent' | 'target'
      value?: string | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        type: string
        value: string
        events: number | null
        sources: number | null
        networks: number | null
        sensors: number | null
        first_seen: string
        last_seen: string
        session: string
        detail: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Indicators seen for the first time in the window */
  'GET /api/v1/news': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      limit?: number | undefined
      cursor?: string | undefined
      sort?: string | undefined
      order?: ('asc' | 'desc') | undefined
      contains?: string | undefined
      format?: ('json' | 'csv') | undefined
    }
    body: Record<never, never>
    answer: {
      rows: {
        type: string
        value: string
        events: number | null
        sources: number | null
        first_seen: string
        session: string
      }[]
      next?: string | undefined
      sql: string
      params: Record<string, unknown>
    }
  }
  /** Stored events, as JSON lines in order of time */
  'GET /api/v1/events': {
    path: Record<never, never>
    query: {
      since?: string | undefined
      until?: string | undefined
      asn?: (number | null) | undefined
      prefix?: string | undefined
      economy?: string | undefined
      source?: string | undefined
      service?: string | undefined
      port?: (number | null) | undefined
      side?: ('from' | 'on') | undefined
      session?: string | undefined
      sensor?: string | undefined
      kind?: string | undefined
      cursor?: string | undefined
      order?: ('asc' | 'desc') | undefined
      limit?: number | undefined
    }
    body: Record<never, never>
    answer: string
  }
  /** The beginning of an artifact as base64, for looking at */
  'GET /api/v1/artifacts/{sha256}': {
    path: { sha256: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: { sha256: string; size: number; head: string }
  }
  /** A terminal recording (asciicast v2) */
  'GET /api/v1/recordings/{sha256}': {
    path: { sha256: string }
    query: Record<never, never>
    body: Record<never, never>
    answer: string
  }
  /** Search everything */
  'GET /api/v1/search': {
    path: Record<never, never>
    query: { q: string }
    body: Record<never, never>
    answer: {
      hits: { kind: string; value: string; detail: string; events: number; last_seen: string }[]
      read_as: string
    }
  }
}
