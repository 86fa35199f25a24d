import { isOutage, request } from './api.ts';
import { parseJson } from './json.ts';

/** A message of an event stream; `id` is where to go on after it. */
export interface Message {
  readonly id?: string;
  readonly type: string;
}

interface StreamOptions<M extends Message> {
  readonly onMessage: (message: M) => void;
  /** Whether the stream is open now. */
  readonly onState?: (isOpen: boolean) => void;
  /** Whether this message is the last one. */
  readonly isEnd?: (message: M) => boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Follows an event stream until it is stopped, or until its last message. After a break it goes on after the last
 * message that it got. By fetch, since an EventSource sends no key.
 */
export function follow<M extends Message>(path: string, options: StreamOptions<M>): () => void {
  const stop = new AbortController();
  void run(path, options, stop.signal).catch(() => options.onState?.(false));
  return () => stop.abort();
}

async function run<M extends Message>(
  path: string,
  { onMessage, onState, isEnd }: StreamOptions<M>,
  signal: AbortSignal,
): Promise<void> {
  let last: string | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const headers = {
        accept: 'application/x-ndjson',
        ...(last !== undefined && { 'last-event-id': last }),
      };
      const response = await request(path, { headers, signal });
      // 204: the stream has ended before.
      if (response.body === null || response.status === 204) return;
      onState?.(true);
      pauseMs = FIRST_PAUSE_MS;
      for await (const line of lines(response.body)) {
        const message = parseJson(line) as M;
        last = message.id ?? last;
        onMessage(message);
        if (isEnd?.(message)) return;
      }
    } catch (error) {
      // A refusal would be repeated; an outage ends.
      if (signal.aborted || !(isOutage(error) || error instanceof DOMException)) throw error;
    }
    onState?.(false);
    await sleep(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + value).split('\n');
      rest = parts.pop() ?? '';
      yield* parts.filter(Boolean);
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
