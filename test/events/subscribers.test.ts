import { describe, expect, it } from 'vitest';
import type { PositionedEvent } from '../../src/events/decode.ts';
import { EventChunk } from '../../src/events/event-chunk.ts';
import { type Reader, Subscribers } from '../../src/events/subscribers.ts';

const eventAt = (seq: number, job = `q~n${seq}-0`): PositionedEvent => {
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

const chunkOf = (...seqs: number[]) => {
  const events = seqs.map((seq) => eventAt(seq));
  return new EventChunk(events, events.at(-1)?.position ?? { entry: '0-0', seen: 0, queue: '' });
};

describe('Subscribers', () => {
  it('delivers no event twice to a reader ahead of the others, and no older position', () => {
    const subscribers = new Subscribers();
    const [quick, other] = [reader(), reader()];
    subscribers.join(other, undefined);
    subscribers.join(quick, eventAt(3).position);
    subscribers.deliver(chunkOf(1, 2));
    subscribers.idle('1000-2', eventAt(2).position);
    subscribers.deliver(chunkOf(3, 4));
    subscribers.deliver(chunkOf(5));
    subscribers.idle('1000-5', eventAt(5).position);
    expect(other.seen).toEqual([1, 2, 3, 4, 5].map((seq) => `1000-${seq}-1`));
    expect(quick.seen).toEqual(['1000-4-1', '1000-5-1']);
    expect([other.idles, quick.idles]).toEqual([
      ['1000-2', '1000-5'],
      [undefined, '1000-5'],
    ]);
  });

  it('gives a reader of one job the position once the others have caught up', () => {
    const subscribers = new Subscribers();
    const ahead = reader('q~n9-0');
    subscribers.join(ahead, eventAt(3).position);
    for (const seq of [2, 3]) subscribers.idle(`1000-${seq}`, eventAt(seq).position);
    expect(ahead.idles).toEqual([undefined, '1000-3']);
  });

  it('delivers to readers of one job only chunks with its events, and nothing after they left', () => {
    const subscribers = new Subscribers();
    const [one, none, gone] = [reader('q~n2-0'), reader('q~n9-0'), reader('q~n2-0')];
    for (const each of [one, none, gone]) subscribers.join(each, undefined);
    subscribers.leave(gone);
    subscribers.deliver(chunkOf(1, 2));
    expect([one.seen.length, none.seen.length, gone.seen.length]).toEqual([2, 0, 0]);
    subscribers.leave(one);
    expect(subscribers.isEmpty).toBe(false);
    subscribers.leave(none);
    expect(subscribers.isEmpty).toBe(true);
  });
});
