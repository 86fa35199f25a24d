import { expect, it } from 'vitest';
import { eventLine } from '../../../src/cli/output/event-text.ts';
import { paintFor } from '../../../src/cli/output/paint.ts';

const plain = paintFor(false);

it('shows an event on a line, and its progress', () => {
  const event = {
    type: 'progress',
    at: '2026-01-01T00:00:00.000Z',
    queue: 'q',
    job: 'q~1',
    progress: { t: '\u202e' },
  };
  expect(eventLine(event, plain)).toBe('2026-01-01T00:00:00.000Z  progress   q~1  {"t":"\\u202e"}');
});

it('names the queue where there is no job, and a gap', () => {
  expect(eventLine({ type: 'paused', at: 't', queue: 'q' }, plain)).toBe('t  paused     q');
  expect(eventLine({ type: 'reset', queue: 'q', reason: 'too-far-back' }, plain)).toContain(
    'too-far-back: events may be missing',
  );
});

it('has colours where they are wanted', () => {
  expect(eventLine({ type: 'failed' }, paintFor(true))).toContain('\u001b[31mfailed');
});
