import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useFolder } from '../../helpers/moving/program.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const folder = useFolder(['examples/moving/millrace_job.rb']);

/** Hands requests on to the API. The answer to the first submit of each path gets lost. */
let network: Server;
const lost: string[] = [];

beforeAll(async () => {
  network = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    const onward = request(api.origin + url, { method, headers }, (answer) => {
      const isLost = method === 'POST' && !lost.includes(url);
      if (isLost) {
        lost.push(url);
        answer.resume();
        answer.once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  network.listen(0, '127.0.0.1');
  await once(network, 'listening');
});
afterAll(() => network.close());

const ruby = (queue: string, code: string) => {
  const { port } = network.address() as AddressInfo;
  const mailJob = `
    class MailJob
      include MillraceJob
      millrace_options queue: '${queue}', attempts: 6
      def perform(to, count) = nil
    end`;
  const env = { MILLRACE_URL: `http://127.0.0.1:${port}` };
  return folder.run(env, 'ruby', '-r./millrace_job', '-e', mailJob, '-e', code);
};

const jobsOf = async (queue: string): Promise<Job[]> =>
  (await api.http.get(`/queues/${queue}/jobs`)).body.items;

it('stores a job once when the answer to its submit gets lost', async () => {
  const { code, output } = await ruby(
    'lost',
    "MailJob.perform_async('ada', 1); MailJob.perform_bulk([['bob', 2], ['eve', 3]])",
  );
  expect({ code, output }).toEqual({ code: 0, output: '' });
  expect(lost).toEqual(['/jobs', '/jobs/batch?atomic=true']);
  expect((await jobsOf('lost')).map(({ payload }) => payload)).toEqual([
    ['ada', 1],
    ['bob', 2],
    ['eve', 3],
  ]);
});

it('gives jobs their time, and says why one is refused', async () => {
  const at = Math.floor(Date.now() / 1_000) + 3_600;
  const later = await ruby(
    'later',
    `MailJob.perform_at(Time.at(${at}), 'ada', 1); MailJob.perform_in(7200.5, 'bob', 2)`,
  );
  expect(later).toEqual({ code: 0, output: '' });
  const [first, second] = await jobsOf('later');
  expect(first).toMatchObject({
    payload: ['ada', 1],
    maxAttempts: 6,
    runAt: new Date(at * 1_000).toISOString(),
  });
  const wait = Date.parse(second?.runAt ?? '') - Date.parse(second?.createdAt ?? '');
  expect(wait).toBe(7_200_500);

  const { code, output } = await ruby(
    'refused',
    "MailJob.millrace_options(queue: 'no queue'); MailJob.perform_async",
  );
  expect(code).toBe(1);
  expect(output).toMatch(/400: .*\/queue/);
});
