import { expect, it } from 'vitest';
import { observeBulkSubmit } from '../../../src/jobs/submit/submit-events.ts';
import { createObserver, type ServiceEvent } from '../../../src/observer.ts';

it('tells of the jobs of a batch that were stored, and not of those that were answered with another', () => {
  const events: ServiceEvent[] = [];
  const observe = createObserver({ wants: () => true, observe: (event) => events.push(event) });
  const candidate = { ok: true as const, job: { task: 'echo' } };
  const outcomes = [
    { ok: true as const, id: 'a' },
    { ok: true as const, id: 'a', answer: 'deduplicated' as const },
    { ok: true as const, id: 'b', answer: 'replaced' as const },
  ];
  observeBulkSubmit(observe, 'jobs-submitted', [candidate, candidate, candidate], outcomes);
  expect(events).toMatchObject([{ kind: 'jobs-submitted', jobs: 1 }]);
});
