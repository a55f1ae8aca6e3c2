import { z } from 'zod'
import { number, query, type Window } from '../query.ts'
import {
  addressesOf,
  countsByDay,
  isOfEconomies,
  isOfSensors,
  isOverall,
  needsEvents,
  within,
  withinDays,
  withinOverall,
  type Scope,
} from '../scope.ts'
import { raw, sql } from '../sql.ts'

/** The numbers of a window in one row. */
export const totals = query({
  name: 'totals',
  row: z.object({
    events: number,
    sessions: number,
    sources: number,
    auths: number,
    commands: number,
    payloads: number,
    networks: number,
    economies: number,
  }),
  build: ({ window, scope }: { window: Window; scope: Scope }) => {
    if (isOverall(scope, 'service') && scope.service === undefined)
      return sql`SELECT sum(overall.events) AS events, sum(overall.sessions) AS sessions,
              uniqCombined64Merge(12)(overall.sources) AS sources, sum(overall.auths) AS auths,
              sum(overall.commands) AS commands, sum(overall.payloads) AS payloads,
              uniqCombined64Merge(12)(overall.networks) AS networks,
              (SELECT uniqExact(overall.key) FROM skep.overall WHERE ${withinOverall('economy', window, scope)} AND overall.key != '') AS economies
            FROM skep.overall WHERE ${withinOverall('service', window, scope)}`
    const list = raw(addressesOf(scope))
    if (isOfEconomies(scope))
      return sql`SELECT sum(counts.events) AS events, sum(counts.sessions) AS sessions,
              uniqCombined64Merge(12)(counts.sources) AS sources, sum(counts.auths) AS auths,
              sum(counts.commands) AS commands, sum(counts.payloads) AS payloads,
              (SELECT uniqExactIf(${list}.asn, ${list}.asn != 0) FROM skep.${list} AS ${list}
               WHERE ${withinDays(addressesOf(scope), window, scope)}) AS networks,
              uniqExactIf(counts.economy, counts.economy != '') AS economies
            FROM ${countsByDay(window, scope)} AS counts`
    if (isOfSensors(scope))
      return sql`SELECT sum(struck.events) AS events, sum(struck.sessions) AS sessions, uniqCombined64Merge(12)(struck.sources) AS sources,
              sum(struck.auths) AS auths, sum(struck.commands) AS commands, sum(struck.payloads) AS payloads,
              (SELECT (uniqExactIf(sources.asn, sources.asn != 0), uniqExactIf(sources.economy, sources.economy != ''))
               FROM skep.sources AS sources WHERE ${withinDays('sources', window, scope)}) AS places,
              places.1 AS networks, places.2 AS economies
            FROM skep.struck AS struck WHERE ${within('struck', window, scope)}`
    return needsEvents(scope)
      ? sql`SELECT count() AS events, countIf(kind = 'session.open') AS sessions, uniqCombined64(source_ip) AS sources,
              countIf(kind = 'auth.attempt') AS auths, countIf(kind = 'command.run') AS commands,
              countIf(kind = 'payload.seen') AS payloads, uniqIf(asn, asn != 0) AS networks, uniqIf(economy, economy != '') AS economies
            FROM skep.events WHERE ${within('events', window, scope)} AND source_ip != toIPv6('::')`
      : sql`SELECT sum(hourly.events) AS events, sum(hourly.sessions) AS sessions,
              uniqCombined64Merge(12)(hourly.sources) AS sources, sum(hourly.auths) AS auths,
              sum(hourly.commands) AS commands, sum(hourly.payloads) AS payloads,
              uniqIf(asn, asn != 0) AS networks, uniqIf(economy, economy != '') AS economies
            FROM skep.hourly WHERE ${within('hourly', window, scope)}`
  },
})
