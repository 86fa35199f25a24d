import { follow } from '../net/stream.ts';
import type { JobEvent } from '../net/types.ts';
import { Signal } from './signal.ts';

/** Whether the stream of events is open: what is shown is as it is now. */
export const isLive = new Signal(false);

type Listener = (event: JobEvent) => void;
const listeners = new Set<Listener>();
let stop: (() => void) | undefined;

/** Calls back for each event of all queues that the key may read. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Opens the stream while the tab is seen: a browser has few connections for all tabs of a host. */
export function goLive(): void {
  const update = (): void => {
    if (document.hidden) {
      stop?.();
      stop = undefined;
      isLive.set(false);
    } else
      stop ??= follow<JobEvent>('events', {
        onMessage: (event) => {
          for (const listener of listeners) listener(event);
        },
        onState: (isOpen) => isLive.set(isOpen),
      });
  };
  document.addEventListener('visibilitychange', update);
  update();
}
