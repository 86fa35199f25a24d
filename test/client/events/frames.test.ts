import { expect, it } from 'vitest';
import { type Frame, framesOf } from '../../../src/client/events/frames.ts';

/** The frames of a stream whose bytes come in pieces of the size. */
async function framesIn(text: string, size: number): Promise<Frame[]> {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.length; i += size) controller.enqueue(bytes.slice(i, i + size));
      controller.close();
    },
  });
  const frames: Frame[] = [];
  for await (const frame of framesOf(new Response(body), () => undefined)) frames.push(frame);
  return frames;
}

it.each([1, 2, 7, 1_000])('reads frames in pieces of %i bytes', async (size) => {
  const text = 'retry: 1000\nid: 5-0\n\n:\n\nevent: started\nid: 6-0\ndata: {"a":"äöü: 🎉"}\n\n';
  expect(await framesIn(text, size)).toEqual([
    { id: '5-0', type: '', data: '' },
    { id: undefined, type: '', data: '' },
    { id: '6-0', type: 'started', data: '{"a":"äöü: 🎉"}' },
  ]);
});

it('joins lines of data, takes \\r\\n, and leaves out a frame that was cut', async () => {
  const frames = await framesIn('data: 1\r\ndata: 2\r\n\r\nevent: lost\ndata: 3\n', 3);
  expect(frames).toEqual([{ id: undefined, type: '', data: '1\n2' }]);
});
