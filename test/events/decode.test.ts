import { describe, expect, it } from 'vitest';
import { decodeEvents } from '../../src/events/decode.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';

const decode = (fields: string[], ofAll = false) => decodeEvents({ queue: 'q', id: '1000-0', fields }, ofAll);

describe('decodeEvents', () => {
  it('numbers the events of an entry in their order', () => {
    const events = decode(['e', 'started', 'j', 'n1-0 n2-0', 'e', 'completed', 'j', 'h3-0']);
    expect(events.map(({ event }) => event)).toEqual([
      { id: '1000-0-1', type: 'started', queue: 'q', job: 'q~n1-0', at: '1970-01-01T00:00:01.000Z' },
      { id: '1000-0-2', type: 'started', queue: 'q', job: 'q~n2-0', at: '1970-01-01T00:00:01.000Z' },
      { id: '1000-0-3', type: 'completed', queue: 'q', job: 'q~h3-0', at: '1970-01-01T00:00:01.000Z' },
    ]);
    expect(events.at(-1)?.position).toEqual({ entry: '1000-0', seen: 3, queue: '' });
  });

  it('adds the queue to ids and positions in the stream of all queues', () => {
    const [one] = decode(['e', 'started', 'j', 'n1-0'], true);
    expect(one).toMatchObject({ event: { id: '1000-0-1~q' }, position: { queue: 'q' } });
  });

  it('skips unknown kinds and broken refs, but counts them', () => {
    const events = decode(['e', 'invented', 'j', 'n1-0', 'e', 'started', 'j', 'x n2-0', 'z', 'later']);
    expect(events.map(({ event }) => event.id)).toEqual(['1000-0-3']);
  });

  it('leaves out types that are not wanted, and counts them', () => {
    const fields = [
      'e',
      'started',
      'j',
      'n1-0 n2-0',
      'e',
      'completed',
      'j',
      'n3-0',
      'e',
      'started',
      'j',
      'n4-0',
    ];
    const entry = { queue: 'q', id: '1000-0', fields };
    const wanted = decodeEvents(entry, false, new Set(['completed']));
    expect(wanted).toEqual(decodeEvents(entry, false).slice(2, 3));
  });

  it('has no job in an event of the queue', () => {
    expect(decode(['e', 'paused', 'j', ''])[0]?.event).not.toHaveProperty('job');
  });

  it('adds a value to progress events only', () => {
    const events = decode([
      'e',
      'progress',
      'j',
      'n1-0',
      'v',
      '{"step":1}',
      'e',
      'started',
      'j',
      'n1-0',
      'v',
      '2',
    ]);
    expect(events.map(({ event }) => event.progress)).toEqual([JsonText.of({ step: 1 }), undefined]);
    expect(decode(['e', 'progress', 'j', 'n1-0', 'v', '{'])[0]?.event).not.toHaveProperty('progress');
  });
});
