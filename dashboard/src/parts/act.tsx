import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

/** Starts an action, unless it still runs: the second click of a double click is not meant. */
function useOnce(run: () => Promise<unknown>): [isBusy: boolean, start: () => void] {
  const [isBusy, setBusy] = useState(false);
  const runs = useRef(false);
  const start = async (): Promise<void> => {
    if (runs.current) return;
    runs.current = true;
    setBusy(true);
    try {
      await run();
    } finally {
      runs.current = false;
      setBusy(false);
    }
  };
  return [isBusy, () => void start()];
}

interface ActProps {
  readonly run: () => Promise<unknown>;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A button that does something at the API. It keeps the focus while that runs. */
export function ActButton({ run, class: look, children }: ActProps): JSX.Element {
  const [isBusy, start] = useOnce(run);
  return (
    <button type="button" class={look} aria-disabled={isBusy} onClick={start}>
      {children}
    </button>
  );
}

/** A form that is sent to the API. */
export function ActForm({ run, class: look, children }: ActProps): JSX.Element {
  const [isBusy, start] = useOnce(run);
  return (
    <form
      class={look}
      aria-busy={isBusy}
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      {children}
    </form>
  );
}
