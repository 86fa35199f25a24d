import { describe, expect, it } from 'vitest';
import type { PositionedEvent } from '../../src/events/decode.ts';
import { EventChunk } from '../../src/events/event-chunk.ts';
import { type Reader, Subscribers } from '../../src/events/subscribers.ts';

const told = (seq: number, job = `q~n${seq}-0`): PositionedEvent => {
  const position = { entry: `1000-${seq}`, seen: 1, queue: '' };
  return { event: { id: `1000-${seq}-1`, type: 'started', queue: 'q', job, at: '' }, position };
};

function reader(job?: string): Reader & { seen: string[]; idles: (string | undefined)[] } {
  const seen: string[] = [];
  const idles: (string | undefined)[] = [];
  return {
    job,
    isClosed: false,
    seen,
    idles,
    deliver: ({ events }) => seen.push(...events.map(({ event }) => event.id)),
    reset: () => undefined,
    ready: async () => undefined,
    idle: (id) => idles.push(id),
    fail: () => undefined,
  };
}

const batch = (...seqs: number[]) => {
  const events = seqs.map((seq) => told(seq));
  return new EventChunk(events, events.at(-1)?.position ?? { entry: '0-0', seen: 0, queue: '' });
};

describe('an audience', () => {
  it('tells a reader that is ahead of the others nothing twice, and no id that it has passed', () => {
    const audience = new Subscribers();
    const [quick, other] = [reader(), reader()];
    audience.join(other, undefined);
    audience.join(quick, told(3).position);
    audience.deliver(batch(1, 2));
    audience.idle('1000-2', told(2).position);
    audience.deliver(batch(3, 4));
    audience.deliver(batch(5));
    audience.idle('1000-5', told(5).position);
    expect(other.seen).toEqual([1, 2, 3, 4, 5].map((seq) => `1000-${seq}-1`));
    expect(quick.seen).toEqual(['1000-4-1', '1000-5-1']);
    expect([other.idles, quick.idles]).toEqual([
      ['1000-2', '1000-5'],
      [undefined, '1000-5'],
    ]);
  });

  it('tells a reader of one job the id once the others have caught up, though nothing of its job comes', () => {
    const audience = new Subscribers();
    const ahead = reader('q~n9-0');
    audience.join(ahead, told(3).position);
    for (const seq of [2, 3]) audience.idle(`1000-${seq}`, told(seq).position);
    expect(ahead.idles).toEqual([undefined, '1000-3']);
  });

  it('tells those who read one job only what holds events of it, and nobody who has left', () => {
    const audience = new Subscribers();
    const [one, none, gone] = [reader('q~n2-0'), reader('q~n9-0'), reader('q~n2-0')];
    for (const each of [one, none, gone]) audience.join(each, undefined);
    audience.leave(gone);
    audience.deliver(batch(1, 2));
    expect([one.seen.length, none.seen.length, gone.seen.length]).toEqual([2, 0, 0]);
    audience.leave(one);
    expect(audience.isEmpty).toBe(false);
    audience.leave(none);
    expect(audience.isEmpty).toBe(true);
  });
});
