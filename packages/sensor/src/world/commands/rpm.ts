import { complain, letters, say, type Command } from './command.ts'
import { installed, type Package } from './packages.ts'

// What is installed on systems of Red Hat's kind, and yum, which cannot reach its mirrors.

const full = ({ name, version, arch }: Package): string => `${name}-${version}.${arch}`

const rpm: Command = (args, io) => {
  const { flags, rest } = letters(args.filter((arg) => !/^--(?:nodeps|force|nosignature|quiet)$/.test(arg)))
  const all = installed(io)
  if (args[0] === '--version') return say('RPM version 4.11.3\n')
  const queries = flags.has('q') || flags.has('--query')
  if (queries) {
    if (flags.has('a')) {
      const pattern = rest[0]?.replace(/\*/g, '')
      return say(
        all
          .filter(({ name }) => pattern === undefined || name.includes(pattern))
          .map((one) => `${full(one)}\n`)
          .join(''),
      )
    }
    if (flags.has('f')) {
      const [path = ''] = rest
      if (io.fs.node(path) === undefined) return complain(`error: file ${path}: No such file or directory\n`)
      const owner =
        all.find(({ name }) => name === path.slice(path.lastIndexOf('/') + 1)) ??
        all.find(({ name }) => name === 'coreutils')
      return owner === undefined
        ? { out: `file ${path} is not owned by any package\n`, code: 1 }
        : say(`${full(owner)}\n`)
    }
    let [out, code] = ['', 0]
    for (const word of rest) {
      const one = all.find((each) => each.name === word || full(each) === word)
      if (one === undefined) {
        out += `package ${word} is not installed\n`
        code = 1
      } else if (flags.has('i'))
        out += `Name        : ${one.name}\nVersion     : ${one.version.split('-')[0] ?? ''}\nRelease     : ${one.version.split('-')[1] ?? ''}\nArchitecture: ${one.arch}\nVendor      : CentOS\nSummary     : ${one.about}\n`
      else if (flags.has('l'))
        out += `/usr/bin/${one.name}\n/usr/share/doc/${one.name}-${one.version.split('-')[0] ?? ''}\n`
      else out += `${full(one)}\n`
    }
    return rest.length === 0 ? complain('rpm: no arguments given for query\n') : { out, code }
  }
  if (flags.has('e')) return complain(rest.map((word) => `error: package ${word} is not installed\n`).join(''))
  if (flags.has('i') || flags.has('U') || flags.has('F')) {
    const [file] = rest
    if (file === undefined) return complain('rpm: no packages given for install\n')
    return /^https?:/.test(file)
      ? (io.effects.push({ type: 'fetch', url: file, tool: 'rpm' }),
        {
          out: `Retrieving ${file}\n`,
          err: `curl: (7) Failed to connect to host; No route to host\nerror: skipping ${file} - transfer failed\n`,
          code: 1,
        })
      : complain(
          io.fs.node(file.startsWith('/') ? file : `${io.cwd}/${file}`) === undefined
            ? `error: open of ${file} failed: No such file or directory\n`
            : `error: ${file}: not an rpm package (or package manifest)\n`,
        )
  }
  return flags.has('V')
    ? {}
    : complain(
        'RPM version 4.11.3\nCopyright (C) 1998-2002 - Red Hat, Inc.\nThis program may be freely redistributed under the terms of the GNU GPL\n',
        1,
      )
}

const plugins = 'Loaded plugins: fastestmirror\n'
const yum: Command = async (args, io) => {
  const { rest, flags } = letters(args)
  const [verb, ...names] = rest
  const all = installed(io)
  if (flags.has('--version')) return say('3.4.3\n  Installed: rpm-4.11.3-48.el7_9.x86_64 at 2023-11-02 09:13\n')
  if (verb === undefined) return complain(`${plugins}You need to give some command\nUsage: yum [options] COMMAND\n`)
  if (
    /^(?:install|update|upgrade|remove|erase|clean|makecache|reinstall|groupinstall)$/.test(verb) &&
    io.user.uid !== 0
  )
    return { out: plugins, err: 'You need to be root to perform this command.\n', code: 1 }
  if (verb === 'list' && names[0] === 'installed')
    return say(
      `${plugins}Installed Packages\n${all.map(({ name, version, arch }) => `${`${name}.${arch}`.padEnd(40)} ${version.padEnd(27)} @base\n`).join('')}`,
    )
  if (verb === 'clean')
    return say(`${plugins}Cleaning repos: base extras updates\nCleaning up list of fastest mirrors\n`)
  if (verb === 'history')
    return say(
      `${plugins}ID     | Login user               | Date and time    | Action(s)      | Altered\n-------------------------------------------------------------------------------\n     1 | System <unset>           | 2021-03-14 11:02 | Install        |  303   \nhistory list\n`,
    )
  if (verb === 'remove' || verb === 'erase')
    return say(
      `${plugins}${names.map((one) => `No Match for argument: ${one}\n`).join('')}No Packages marked for removal\n`,
    )
  if (verb === 'install' && names.length > 0 && names.every((word) => all.some(({ name }) => name === word)))
    return say(
      `${plugins}Loading mirror speeds from cached hostfile\n${names.map((word) => `Package ${full(all.find(({ name }) => name === word) ?? { name: word, version: '', arch: '', about: '' })} already installed and latest version\n`).join('')}Nothing to do\n`,
    )
  // Its mirrors are no more to be found, with or without a way out.
  await io.sleep(4000)
  return {
    out: `${plugins}Determining fastest mirrors\nCould not retrieve mirrorlist http://mirrorlist.centos.org/?release=7&arch=x86_64&repo=os&infra=stock error was\n14: curl#6 - "Could not resolve host: mirrorlist.centos.org; Unknown error"\n`,
    err: '\n\n One of the configured repositories failed (Unknown),\n and yum doesn\'t have enough cached data to continue. At this point the only\n safe thing yum can do is fail. There are a few ways to work "fix" this:\n\n     1. Contact the upstream for the repository and get them to fix the problem.\n\nCannot find a valid baseurl for repo: base/7/x86_64\n',
    code: 1,
  }
}

export const rpmPackages: Readonly<Record<string, Command>> = {
  rpm,
  yum,
  getenforce: () => say('Disabled\n'),
  setenforce: () => complain('setenforce: SELinux is disabled\n'),
  sestatus: () => say('SELinux status:                 disabled\n'),
  chkconfig: (args) =>
    args.includes('--list') || args.length === 0
      ? say(
          "\nNote: This output shows SysV services only and does not include native\n      systemd services. SysV configuration data might be overridden by native\n      systemd configuration.\n\n      If you want to list systemd services use 'systemctl list-unit-files'.\n      To see services enabled on particular target use\n      'systemctl list-dependencies [target]'.\n\nnetconsole     \t0:off\t1:off\t2:off\t3:off\t4:off\t5:off\t6:off\nnetwork        \t0:off\t1:off\t2:on\t3:on\t4:on\t5:on\t6:off\n",
        )
      : {},
  'firewall-cmd': (args) => say(args.includes('--state') ? 'running\n' : 'success\n'),
}
