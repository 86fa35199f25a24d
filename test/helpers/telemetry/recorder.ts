import {
  createObserver,
  type Observer,
  type ServiceEvent,
  type ServiceEventKind,
} from '../../../src/observer.ts';

export interface EventRecorder {
  readonly observe: Observer;
  /** All events so far, oldest first. */
  readonly events: readonly ServiceEvent[];
  /** The events of one kind so far, oldest first. */
  ofKind<K extends ServiceEventKind>(kind: K): Extract<ServiceEvent, { kind: K }>[];
}

/** Records the events of the given kinds; all when none is given. */
export function recordEvents(...kinds: readonly ServiceEventKind[]): EventRecorder {
  const events: ServiceEvent[] = [];
  const observe = createObserver({
    wants: (kind) => kinds.length === 0 || kinds.includes(kind),
    observe: (event) => events.push(event),
  });
  return {
    observe,
    events,
    ofKind: <K extends ServiceEventKind>(kind: K) =>
      events.filter((event): event is Extract<ServiceEvent, { kind: K }> => event.kind === kind),
  };
}
