import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, RouterProvider } from '@tanstack/react-router'
import { ApiError } from './api.ts'
import { Empty } from './components/basics.tsx'
import { Layout } from './components/layout.tsx'
import { Now } from './pages/now.tsx'
import './style.css'

// A page is a component and a line here.
const root = createRootRoute({
  component: Layout,
  notFoundComponent: () => (
    <Empty>
      <h1>There is no such page</h1>
    </Empty>
  ),
})
const page = <P extends string>(path: P, component: Parameters<typeof createRoute>[0]['component']) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: component as never,
    validateSearch: (search: Record<string, unknown>) => search,
  })
const signin = () => import('./pages/signin.tsx')
const lists = () => import('./pages/lists.tsx')
const router = createRouter({
  routeTree: root.addChildren([
    page('/', Now),
    page('/networks', lazyRouteComponent(lists, 'Networks')),
    page('/sources', lazyRouteComponent(lists, 'Sources')),
    page('/sessions', lazyRouteComponent(lists, 'Sessions')),
    page('/indicators', lazyRouteComponent(lists, 'Indicators')),
    page(
      '/mine',
      lazyRouteComponent(() => import('./pages/network.tsx'), 'Mine'),
    ),
    page(
      '/pack/$subject',
      lazyRouteComponent(() => import('./pages/pack.tsx'), 'PackPage'),
    ),
    page(
      '/cases',
      lazyRouteComponent(() => import('./pages/cases.tsx'), 'CasesPage'),
    ),
    page(
      '/case/$id',
      lazyRouteComponent(() => import('./pages/cases.tsx'), 'CasePage'),
    ),
    page(
      '/alerts',
      lazyRouteComponent(() => import('./pages/alerts.tsx'), 'AlertsPage'),
    ),
    page(
      '/routing',
      lazyRouteComponent(() => import('./pages/routing.tsx'), 'RoutingPage'),
    ),
    page(
      '/aimed',
      lazyRouteComponent(() => import('./pages/aimed.tsx'), 'Aimed'),
    ),
    page(
      '/campaigns',
      lazyRouteComponent(() => import('./pages/campaigns.tsx'), 'Campaigns'),
    ),
    page(
      '/campaign/$id',
      lazyRouteComponent(() => import('./pages/campaigns.tsx'), 'CampaignPage'),
    ),
    page(
      '/network/$asn',
      lazyRouteComponent(() => import('./pages/network.tsx'), 'Network'),
    ),
    page(
      '/source/$ip',
      lazyRouteComponent(() => import('./pages/network.tsx'), 'Source'),
    ),
    page(
      '/session/$id',
      lazyRouteComponent(() => import('./pages/session.tsx'), 'Session'),
    ),
    page(
      '/artifact/$sha256',
      lazyRouteComponent(() => import('./pages/session.tsx'), 'Artifact'),
    ),
    page(
      '/search',
      lazyRouteComponent(() => import('./pages/search.tsx'), 'Search'),
    ),
    page(
      '/fleet',
      lazyRouteComponent(() => import('./pages/fleet.tsx'), 'FleetPage'),
    ),
    page(
      '/fleet/group/$name',
      lazyRouteComponent(() => import('./pages/group.tsx'), 'GroupPage'),
    ),
    page(
      '/fleet/sensor/$name',
      lazyRouteComponent(() => import('./pages/sensor.tsx'), 'SensorPage'),
    ),
    page('/signin', lazyRouteComponent(signin, 'SignIn')),
    page('/welcome', lazyRouteComponent(signin, 'Welcome')),
    page('/claim', lazyRouteComponent(signin, 'Confirm')),
    page('/received', lazyRouteComponent(signin, 'Received')),
    page(
      '/public',
      lazyRouteComponent(() => import('./pages/public.tsx'), 'PublicPage'),
    ),
    page(
      '/account',
      lazyRouteComponent(() => import('./pages/account.tsx'), 'Account'),
    ),
    page(
      '/organisation',
      lazyRouteComponent(() => import('./pages/organisation.tsx'), 'Organisation'),
    ),
    page(
      '/sharing',
      lazyRouteComponent(() => import('./pages/sharing.tsx'), 'Sharing'),
    ),
    page(
      '/honeynet',
      lazyRouteComponent(() => import('./pages/honeynet.tsx'), 'Honeynet'),
    ),
    page(
      '/payloads',
      lazyRouteComponent(() => import('./pages/payloads.tsx'), 'Payloads'),
    ),
    page(
      '/ledger',
      lazyRouteComponent(() => import('./pages/ledger.tsx'), 'LedgerPage'),
    ),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  // Values in the address stay text: an AS number is not a JSON number, and a search for 123 is a search for "123".
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const entries = Object.entries(search as Record<string, unknown>).filter(
      ([, value]) => value !== undefined && value !== '',
    )
    return entries.length === 0 ? '' : `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`
  },
})
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 2,
    },
  },
})

const place = document.getElementById('root')
if (place === null) throw new Error('The page has no root')
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
