import { expect, it } from 'vitest';
import { fault, note, ok } from '../../src/doctor/finding.ts';
import { reportText } from '../../src/doctor/report.ts';

const areas = [
  {
    name: 'Redis',
    findings: [
      ok('redis-version', 'The server is Redis 8.2.9.'),
      fault('evicted', {
        what: 'Redis has evicted 3 keys.',
        why: 'Jobs may be gone.',
        todo: 'Run: redis-cli INFO',
      }),
    ],
  },
  { name: 'API', findings: [note('workers', { what: `No worker runs. ${'word '.repeat(30)}`.trim() })] },
] as const;

it('shows what, why and what to do', () => {
  expect(reportText(areas, false)).toBe(`Redis
  ok      The server is Redis 8.2.9.
  fault   Redis has evicted 3 keys.
          Why: Jobs may be gone.
          Do:  Run: redis-cli INFO
          [evicted]

API
  note    No worker runs. ${'word '.repeat(17).trim()}
          ${'word '.repeat(13).trim()}

1 fault, 1 note.`);
});

it('has colours only for a terminal', () => {
  expect(reportText(areas, false)).not.toContain('\u001b');
  expect(reportText(areas, true)).toContain('\u001b[31m');
});

it('says that nothing is wrong', () => {
  expect(reportText([{ name: 'API', findings: [ok('api', 'It is ready.')] }], false)).toContain(
    'Everything is well.',
  );
});
