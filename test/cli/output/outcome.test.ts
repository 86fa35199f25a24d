import { expect, it } from 'vitest';
import { tellOutcome } from '../../../src/cli/output/outcome.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { keepingIo } from '../../helpers/cli/sink.ts';

const at = '2026-01-01T00:00:00.000Z';
const job: Job = {
  id: 'q~1',
  queue: 'q',
  task: 'do',
  status: 'queued',
  attempt: 2,
  maxAttempts: 5,
  createdAt: at,
};
const error = { message: 'no\u001b', attempt: 2, at };

it.each<[Partial<Job>, number, string]>([
  [{ status: 'completed', finishedAt: at }, 0, ''],
  [{ status: 'failed', finishedAt: at, error }, 1, 'Job q~1 failed after 2 attempts: Error: no\\u001b\n'],
  [{ status: 'cancelled', finishedAt: at }, 1, 'Job q~1 was cancelled\n'],
  [{ status: 'running' }, 1, 'Job q~1 is still running. Go on with: millrace get q~1 --watch\n'],
])('says how a job stands: %j', async (change, code, text) => {
  const io = keepingIo(false);
  expect(await tellOutcome({ ...job, ...change }, io)).toBe(code);
  expect(io.err.text()).toBe(text);
});
