import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HandlerJournal } from './journal.ts';

const dir = mkdtempSync(join(tmpdir(), 'mr-test-'));
const journal = new HandlerJournal(join(dir, 'handlers.jsonl'));
afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true });
});

describe('the journal of handlers', () => {
  it('names the process that holds the job, not the one apart in which its handler runs', () => {
    const line = { run: 'host.5.ab#9.1', key: 'k', id: 'default~n1-0', attempt: 3, lease: 'host.5.ab' };
    const write = (event: string, at: number) =>
      appendFileSync(journal.file, `${JSON.stringify({ ...line, event, at })}\n`);
    write('start', 10);
    expect(journal.inFlight([5])).toMatchObject([{ pid: 5, startedAt: 10 }]);
    expect(journal.inFlight([9])).toEqual([]);
    write('end', 20);
    expect(journal.executions).toMatchObject([{ id: 'default~n1-0', attempt: 3, pid: 5, endedAt: 20 }]);
  });
});
