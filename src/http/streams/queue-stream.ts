import type { EventChunk, EventTypes } from '../../events/event-chunk.ts';
import type { Gap } from '../../events/gaps.ts';
import type { Reader } from '../../events/subscribers.ts';
import type { ResetMessage } from '../../schemas/event-stream.ts';
import type { StreamResponse } from './stream-response.ts';

/** The message for a reader that may have missed events. */
export const resetMessage = ({ reason, queue }: Gap, id: string): ResetMessage => ({
  id,
  type: 'reset',
  reason,
  ...(queue === undefined ? {} : { queue }),
});

/** Sends the events of a queue, or of all queues, to a response. */
export class QueueStreamReader implements Reader {
  readonly job = undefined;
  readonly #response: StreamResponse;
  readonly #types: EventTypes;

  constructor(response: StreamResponse, types: EventTypes) {
    this.#response = response;
    this.#types = types;
  }

  get isClosed(): boolean {
    return this.#response.isClosed;
  }

  deliver(chunk: EventChunk): void {
    this.#response.write(chunk.text(this.#response.format, this.#types));
  }

  reset(gap: Gap, id: string): void {
    this.#response.message('reset', id, resetMessage(gap, id));
  }

  ready(): Promise<void> {
    return this.#response.ready();
  }

  idle(id: string | undefined): void {
    this.#response.heartbeat(id);
  }

  fail(): void {
    this.#response.drop('internal-error');
  }
}
