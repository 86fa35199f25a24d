import type { EventChunk, EventTypes } from '../../events/event-chunk.ts';
import type { Gap } from '../../events/gaps.ts';
import type { Reader } from '../../events/subscribers.ts';
import type { ResetMessage } from '../../schemas/event-stream.ts';
import type { EventResponse } from './stream-response.ts';

/** What tells a reader that it may have missed events. */
export const resetMessage = ({ reason, queue }: Gap, id: string): ResetMessage => ({
  id,
  type: 'reset',
  reason,
  ...(queue === undefined ? {} : { queue }),
});

/** Reads the events of a queue, or of all queues. */
export class EventReader implements Reader {
  readonly job = undefined;
  readonly #response: EventResponse;
  readonly #types: EventTypes;

  constructor(response: EventResponse, types: EventTypes) {
    this.#response = response;
    this.#types = types;
  }

  get isClosed(): boolean {
    return this.#response.isClosed;
  }

  deliver(batch: EventChunk): void {
    this.#response.write(batch.text(this.#response.format, this.#types));
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
