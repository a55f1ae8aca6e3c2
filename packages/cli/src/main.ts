import { Command } from 'commander'
import { exit, version } from './context.ts'
import { data, json, logForm, runProgram, sensorCommands } from './sensor-commands.ts'

const program = new Command('skep')
  .description('Skep: a community honeynet. Sensors, hub and portal in one command.')
  .version(version)
  .showHelpAfterError('(add --help for the ways to call this)')
  .addHelpText(
    'after',
    `\nExit codes: ${exit.done} done, ${exit.failed} failed, ${exit.usage} the call was wrong, ${exit.missing} something needed is not there.\nEvery command has --help and --json.`,
  )

const collect = (value: string, all: string[] = []): string[] => [...all, value]

/** The options that set up a hub. */
const hubOptions = (command: Command): Command =>
  command
    .option(...data)
    .option('--portal-port <n>', 'port of portal and API', '8400')
    .option('--portal-host <address>', 'address of portal and API', '127.0.0.1')
    .option('--gateway-port <n>', 'port where sensors come', '8401')
    .option('--gateway-host <address>', 'address where sensors come; :: for all', '127.0.0.1')
    .option('--public-gateway <host:port>', 'the gateway as partners shall call it')
    .option('--public-portal <url>', 'the portal as people shall call it: https://host')
    .option('--mail <url>', 'the mail server: smtp://user:password@host:587, or SKEP_MAIL')
    .option('--mail-from <address>', 'the address that mail comes from')
    .option('--trust-host <host:port>', 'a host inside that may be called (identity provider, webhook)', collect)
    .option('--rdap <url>', 'an RDAP server that knows which registry to ask', 'https://rdap.org')
    .option('--dns <address>', 'a DNS server for looking at proofs; may be repeated', collect)
    .option('--rpki-cache <folder>', 'the cache of rpki-client: networks may be proved by what their RPKI keys sign')
    .option('--rpki-tal <file>', 'a trust anchor locator for it; may be repeated (default: its own)', collect)
    .option('--rpki-client <program>', 'where it is', 'rpki-client')
    .option('--clickhouse <url>', 'a ClickHouse server or cluster instead of the embedded store')
    .option('--cluster <name>', 'its cluster: tables are replicated and sharded')
    .option('--storage-policy <name>', 'its storage policy with a volume "cold" for old events')
    .option('--cold-after <days>', 'when events go to that volume', '30')
    .option('--relational <url>', 'a PostgreSQL database (postgres://…), for more than one hub')
    .option('--blobs <place>', 'where artifacts rest: a folder, or s3+https://KEY:SECRET@host/bucket')
    .option('--hpfeeds <address:port>', 'take what Cowrie, Dionaea and T-Pot send by hpfeeds (it may lose events)')
    .option('--hpfeeds-key <file>', 'its TLS key')
    .option('--hpfeeds-cert <file>', 'its TLS certificate')
    .option('--no-update', 'do not fetch public routing tables daily')
    .option(...logForm)
    .option(...json)

hubOptions(program.command('start').description('run everything: hub, portal, embedded stores and a sensor'))
  .option(
    '--sensor-ports-from <n>',
    'services listen at n+22, n+23, n+80, n+6379, n+11211 … (default: 2222, 2223, 8081, 6380, 11212 and 2300-2330)',
  )
  .option(
    '--sensor-address <address>',
    'address for the sensor to listen on; may be repeated (default: all, IPv4 and IPv6)',
    collect,
  )
  .option('--persona <name>', 'the device that the sensor plays: debian-12, centos-7, openwrt, camera …')
  .option('--config <file>', 'configuration of the sensor')
  .action(async (options) => (await import('./commands/start.ts')).start(options))

const hub = program.command('hub').description('the hub alone, and who may join it')
hubOptions(hub.command('run').description('run a hub without a sensor of its own')).action(async (options) =>
  (await import('./commands/start.ts')).runHub(options),
)
hub
  .command('invite')
  .description('make the line with which one sensor joins, good once')
  .option('--org <name>', 'the organisation that hosts it', 'home')
  .option('--group <name>', 'group for its settings', 'all')
  .option('--ring <n>', 'ring for upgrades: 0 is first', '1')
  .option('--label <text>', 'what to call it')
  .option('--hours <n>', 'good for so long', '48')
  .option('--gateway <host:port>', 'the gateway as the partner shall call it')
  .option(...data)
  .option(...json)
  .action(async (options) => (await import('./commands/hub.ts')).invite(options))
hub
  .command('release')
  .argument('<file>', 'what "npm run package -- release" made')
  .description('put a release on the hub, to upgrade sensors to it')
  .option(...data)
  .option(...json)
  .action(async (file: string, options) => (await import('./commands/hub.ts')).addRelease(file, options))
hub
  .command('rollout')
  .argument('<version>', 'a release that is on the hub')
  .description('upgrade sensors ring by ring; a ring must run it well before the next has it')
  .option('--gate-minutes <n>', 'how long a ring must run it well', '60')
  .option(...data)
  .option(...json)
  .action(async (version: string, options) => (await import('./commands/hub.ts')).rollOut(version, options))

sensorCommands(program)

const token = program.command('token').description('API tokens and sign-in links')
token
  .command('create')
  .description('make an API token')
  .option('--role <role>', 'operator or viewer', 'operator')
  .option('--label <text>', 'what it is for', 'made by hand')
  .option('--days <n>', 'valid for so many days (default: until revoked)')
  .option('--may <what...>', 'only this of what its role may, such as: fetch')
  .option(...data)
  .option(...json)
  .action(async (options) => (await import('./commands/hub.ts')).createToken(options))
token
  .command('link')
  .description('make a sign-in link for the portal, good once')
  .option(...data)
  .option(...json)
  .action(async (options) => (await import('./commands/hub.ts')).createLink(options))

const taxii = program.command('taxii').description('the TAXII server')
taxii
  .command('seed')
  .argument('<file>', "in the form of medallion's data: discovery, API roots, collections, objects and when they came")
  .description('fill API roots of their own from a file, for trying clients and test suites')
  .option('--user <name>', 'a login for them', 'admin')
  .option('--password <password>', 'its password')
  .option(...data)
  .option(...json)
  .action(async (file: string, options) => (await import('./commands/share.ts')).seedTaxii(file, options))

const fetcher = program.command('fetcher').description('fetches what attackers pointed at, apart from sensors and hub')
fetcher
  .command('run')
  .description('run a fetcher; it does nothing until the hub’s operator wants payloads to be fetched')
  .requiredOption('--hub <address>', 'the address of the hub’s portal: https://hub.example.net')
  .option('--token <token>', 'from: skep token create --may fetch; or SKEP_TOKEN')
  .option('--trust <address...>', 'addresses that are gone to though they are not public, for trying it out')
  .option('--log <form>', 'text or json')
  .action(async (options) => (await import('./commands/fetcher.ts')).runFetcher(options))

const user = program.command('user').description('people who sign in to the portal')
user
  .command('add')
  .argument('<email>')
  .description('make an account and print the link with which its owner chooses a password')
  .option('--operator', 'runs the honeynet: sees and does everything')
  .option('--org <name>', 'a member of this organisation; it is made where it is not')
  .option('--role <role>', 'viewer, trainer, analyst or admin of it', 'admin')
  .option(...data)
  .option(...json)
  .action(async (email: string, options) => (await import('./commands/people.ts')).addUser(email, options))
user
  .command('link')
  .argument('<email>')
  .description('print a new link, for somebody who lost the way in')
  .option(...data)
  .option(...json)
  .action(async (email: string, options) => (await import('./commands/people.ts')).linkUser(email, options))
user
  .command('list')
  .description('list the accounts')
  .option(...data)
  .option(...json)
  .action(async (options) => (await import('./commands/people.ts')).listUsers(options))

program
  .command('import')
  .argument('<format>', 'cowrie, mhn, dionaea, heralding')
  .argument('<files...>', 'files, plain or gzip; tar archives of JSON too')
  .description('read the logs of other honeypots, with their own times')
  .option('--limit <n>', 'only the first n lines')
  .option(...data)
  .option(...json)
  .action(async (format: string, files: string[], options) =>
    (await import('./commands/import.ts')).importFiles(format, files, options),
  )

program
  .command('demo')
  .description('fill the hub with real history (Modern Honey Network, 2017, Apache-2.0)')
  .option(...data)
  .option(...json)
  .action(async (options) => (await import('./commands/import.ts')).demo(options))

program
  .command('replay')
  .argument('<file>', 'recorded sessions: sessions.jsonl or http.jsonl')
  .requiredOption('--to <host:port>', 'the sensor; the port is that of SSH, Telnet or HTTP')
  .option('--telnet <host:port>', 'where telnet sessions go (default: left out)')
  .option('--speed <n>', 'times the recorded pace; 0: as fast as it goes', '0')
  .option('--limit <n>', 'only the first n sessions')
  .option('--parallel <n>', 'sessions at once', '8')
  .option('--no-proxy', 'do not carry the recorded source by PROXY protocol')
  .option('--password <user:password>', 'sign in with this pair instead of the recorded one')
  .option(...json)
  .description('drive real protocol clients against a sensor from recorded sessions')
  .action(async (file: string, options) => (await import('./commands/replay.ts')).replay(file, options))

program
  .command('mcp')
  .description('tools for an analyst’s language model, over standard input and output (Model Context Protocol)')
  .option('--hub <url>', 'the portal', 'http://127.0.0.1:8400')
  .option('--token <token>', 'an API token, or SKEP_TOKEN; the tools may see what it may see')
  .action(async (options) => (await import('./commands/mcp.ts')).serveMcp(options))

program
  .command('data')
  .description('tables for placing addresses')
  .command('update')
  .description('fetch the current public tables: routes (RIPE RIS), allocations (all registries), AS names')
  .option(...data)
  .option('--routing', 'also what routes are compared with: more vantage points, ROAs, IRR (some hundred megabytes)')
  .option(...json)
  .action(async (options) => (await import('./commands/hub.ts')).updateData(options))

program
  .command('backup')
  .argument('<file>', 'where to write it (.tar.gz)')
  .description('copy all data of a stopped hub and sensor to one file')
  .option(...data)
  .option(...json)
  .action(async (file: string, options) => (await import('./commands/hub.ts')).backup(file, options))
program
  .command('restore')
  .argument('<file>', 'a file that "skep backup" wrote')
  .description('bring a backup back into an empty data folder')
  .option(...data)
  .option(...json)
  .action(async (file: string, options) => (await import('./commands/hub.ts')).restore(file, options))

await runProgram(program)
