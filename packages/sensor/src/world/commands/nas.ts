import { complain, say, type Command } from './command.ts'
import { usersOf } from './accounts.ts'

// DSM's own tools, as far as somebody who came in asks them.

const synopkg: Command = ([verb = '', name = ''], { fs }) => {
  const packages = fs.names('/var/packages')
  if (verb === 'list') return say(packages.map((one) => `${one}-1.0.0-1000: ${one} package\n`).join(''))
  if (verb === 'status')
    return packages.includes(name)
      ? say(`{"package":"${name}","status":"running"}\n`)
      : complain(`{"package":"${name}","status":"non_installed"}\n`, 4)
  return complain(
    'Usage: synopkg [options] command\n\nCommands:\n    list\n    status  PACKAGE\n    start   PACKAGE\n    stop    PACKAGE\n    version PACKAGE\n',
  )
}
const synouser: Command = ([verb = '', name = ''], io) => {
  const users = usersOf(io).filter(({ uid }) => uid >= 1024 && uid < 60_000)
  if (verb === '--enum') return say(`${users.length} User Listed:\n${users.map((user) => `${user.name}\n`).join('')}`)
  if (verb === '--get') {
    const user = users.find((one) => one.name === name)
    return user === undefined
      ? complain(`SynoErr=[synouser.c:102] code: 0x1D00\n`)
      : say(
          `User Name   : [${user.name}]\nUser Type   : [AUTH_LOCAL]\nUser uid    : [${user.uid}]\nPrimary gid : [${user.gid}]\nFullname    : [${user.gecos}]\nUser Dir    : [${user.home}]\nUser Shell  : [${user.shell}]\nExpired     : [false]\nUser Mail   : []\n`,
        )
  }
  return complain(
    'Copyright (c) 2003-2024 Synology Inc. All rights reserved.\n\nUsage: synouser (Version 72806)\n\t--enum {local|domain|ldap|all} [page] [num]\n\t--get username\n\t--add [username pwd "full name" expired{0|1} mail privilege]\n\t--del [user1] [user2] [...]\n\t--setpw username newpasswd\n',
    255,
  )
}

export const nas: Readonly<Record<string, Command>> = {
  synopkg,
  synouser,
  synoshare: ([verb = ''], { fs }) => {
    const shares = fs.names('/volume1').filter((name) => !name.startsWith('@'))
    return verb === '--enum'
      ? say(
          `Share Enum Arguments: [0xF1F] ALL\n${shares.length} Listed:\n${shares.map((name) => `${name}\n`).join('')}`,
        )
      : complain('Usage: synoshare --enum {ALL|LOCAL|USB|SATA}\n', 255)
  },
  synogetkeyvalue: ([path = '', key = ''], { fs }) => {
    try {
      const value = new RegExp(`^${key.replace(/\W/g, '')}="?(.*?)"?$`, 'm').exec(
        Buffer.from(fs.content(path)).toString('utf8'),
      )?.[1]
      return value === undefined ? { code: 1 } : say(`${value}\n`)
    } catch {
      return { code: 1 }
    }
  },
  synoservice: () => complain('synoservice: command is obsolete, use synosystemctl instead\n'),
  mdadm: () =>
    complain('mdadm: An option must be given to set the mode before a second device\n       (/dev/md0) is listed\n', 2),
}
