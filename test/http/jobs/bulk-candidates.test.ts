import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { bulkCandidates } from '../../../src/http/jobs/bulk-candidates.ts';
import type { Candidate } from '../../../src/jobs/submit/outcomes.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';

const LIMITS = { maxLineBytes: 1_000 };

async function chunksOf(body: unknown): Promise<Candidate[][]> {
  const chunks: Candidate[][] = [];
  for await (const { candidates } of bulkCandidates(body, LIMITS)) chunks.push(candidates);
  return chunks;
}

/** As the route reads a JSON body: its jobs stay texts. */
const jsonOf = (jobs: readonly unknown[]) => chunksOf({ jobs: jobs.map((job) => JsonText.of(job)) });

const linesOf = (...lines: string[]) => chunksOf(Readable.from([Buffer.from(lines.join('\n'))]));

const outcomeOf = (candidate: Candidate) => (candidate.ok ? candidate.job.task : candidate.error.code);

describe('bulkCandidates', () => {
  it('checks each job of a JSON body alone', async () => {
    const [chunk = []] = await jsonOf([{ task: 'a' }, { task: 7 }, 'x', { task: 'b' }]);
    expect(chunk.map(outcomeOf)).toEqual(['a', 'invalid-request', 'invalid-request', 'b']);
  });

  it('reads on after a broken line', async () => {
    const [chunk = []] = await linesOf('{"task":"a"}', '{', '{"task":"b"}');
    expect(chunk.map(outcomeOf)).toEqual(['a', 'broken-json', 'b']);
  });

  it('reads on after a line that is too long', async () => {
    const [chunk = []] = await linesOf('{"task":"a"}', `"${'x'.repeat(1_000)}"`, '{"task":"b"}');
    expect(chunk.map(outcomeOf)).toEqual(['a', 'payload-too-large', 'b']);
  });

  it('has a candidate for every line beyond the most jobs, up to a bound', async () => {
    const many = (await linesOf(...Array(12_000).fill('{"task":"a"}'))).flat();
    expect(many).toHaveLength(12_000);
    expect(many.slice(9_999, 10_001).map(outcomeOf)).toEqual(['a', 'payload-too-large']);
    expect(new Set(many.slice(10_000)).size).toBe(1);
    const bounded = (await linesOf(...Array(100_500).fill('0'))).flat();
    expect(bounded).toHaveLength(100_000);
    const last = bounded.at(-1);
    expect(last?.ok === false && last.error.message).toContain('all lines after it');
  });

  it('yields chunks of 500 jobs', async () => {
    const jobs = Array.from({ length: 1_001 }, () => ({ task: 'a' }));
    for (const chunks of [await jsonOf(jobs), await linesOf(...jobs.map((job) => JSON.stringify(job)))]) {
      expect(chunks.map((chunk) => chunk.length)).toEqual([500, 500, 1]);
    }
  });

  it('lists at most ten faults of a job', async () => {
    const fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, i]));
    const [[candidate] = []] = await jsonOf([{ task: 'a', ...fields }]);
    expect(candidate?.ok === false && candidate.error.errors).toHaveLength(10);
  });
});
