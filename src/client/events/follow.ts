import { systemClock } from '../../clock.ts';
import { MillraceError, Unreachable } from '../errors.ts';
import { messageOf, notMillrace } from '../http/answers.ts';
import { durationOf } from '../http/arguments.ts';
import { Limit } from '../http/limit.ts';
import { pause, pauseMs } from '../http/pause.ts';
import { isPassing, type RequestOptions, type Service } from '../http/service.ts';
import type { DroppedMessage } from '../types/api.generated.ts';
import type { CallOptions, Duration } from '../types/api.ts';
import { type Frame, framesOf } from './frames.ts';

export interface FollowOptions extends CallOptions {
  /** The id of the last event that you have. '0-0': from the oldest kept event. Absent: from now on. */
  readonly lastEventId?: string | undefined;
  /** How long to try again after the stream broke, before the iterator throws. Default 5 minutes. */
  readonly reconnectFor?: Duration | undefined;
}

const RECONNECT_FOR = '5m';
/** The service sends a heartbeat every 15 s. */
const MAX_SILENCE_MS = 45_000;

/** One connection: its messages, up to its end. */
async function* connect(
  service: Service,
  path: string,
  options: RequestOptions,
): AsyncGenerator<Frame | 'end', void> {
  const limit = new Limit(service.requestTimeoutMs, options.signal);
  try {
    const response = await service.send('GET', path, options, limit);
    if (response.status === 204) yield 'end';
    else yield* messagesOf(response, limit, options.signal);
  } finally {
    // Also when the reader leaves: nothing may come in any more.
    limit.cancel();
  }
}

async function* messagesOf(
  response: Response,
  limit: Limit,
  signal: AbortSignal | undefined,
): AsyncGenerator<Frame, void> {
  const type = response.headers.get('content-type') ?? 'nothing';
  if (!type.startsWith('text/event-stream')) {
    throw notMillrace(`The answer is ${type}, not a stream of events`, response.status);
  }
  try {
    yield* framesOf(response, () => limit.restart(MAX_SILENCE_MS));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new Unreachable('The stream of events broke', error);
  }
}

/** Rejects when a new connection would end in the same way. */
function checkDropped({ data }: Frame): void {
  const { reason } = messageOf<DroppedMessage>(data);
  if (reason !== 'access-ended') return;
  throw new MillraceError('The key or token is no longer valid', { code: 'access-ended', status: 401 });
}

/**
 * Follows a stream of events. After a cut it connects again and goes on after the last message, so each event comes
 * once. It ends when the service says that there is no more.
 *
 * @throws {MillraceError} for a refusal, or when no connection has lasted for `reconnectFor`
 */
export async function* follow(
  service: Service,
  path: string,
  query: RequestOptions['query'],
  { signal, lastEventId, reconnectFor = RECONNECT_FOR }: FollowOptions = {},
): AsyncGenerator<Frame, void> {
  const patienceMs = durationOf('reconnectFor', reconnectFor);
  let position = lastEventId;
  let lastSeen = systemClock.monotonic();
  for (let failures = 0; ; ) {
    let retryAfter: number | undefined;
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': position };
      for await (const frame of connect(service, path, { query, headers, signal })) {
        if (frame === 'end') return;
        position = frame.id ?? position;
        lastSeen = systemClock.monotonic();
        failures = 0;
        if (frame.type === 'dropped') checkDropped(frame);
        else if (frame.data !== '') yield frame;
      }
    } catch (error) {
      if (!isPassing(error) || systemClock.monotonic() - lastSeen > patienceMs) throw error;
      retryAfter = error.retryAfter;
    }
    failures += 1;
    await pause(pauseMs(failures, retryAfter), signal);
  }
}
