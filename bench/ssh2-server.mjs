// The baseline of the SSH figures: npm ssh2's server, which accepts everything, answers one line and records nothing.
import { generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
})
const server = new ssh2.Server(
  { hostKeys: [privateKey, ssh2.utils.generateKeyPairSync('ed25519').private] },
  (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('ready', () => {
      client.on('session', (accept) => {
        const session = accept()
        session.on('exec', (grant) => {
          const stream = grant()
          stream.write('Linux\n')
          stream.exit(0)
          stream.end()
        })
        session.on('pty', (grant) => grant?.())
        session.on('shell', (grant) => grant())
      })
    })
  },
)
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'))
