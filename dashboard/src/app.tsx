import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { needsKey } from './net/key.ts';
import { Empty } from './parts/bits.tsx';
import { Dialog, Notices, Questions } from './parts/dialogs.tsx';
import { isAway } from './state/load.ts';
import { addressOf, place } from './state/router.ts';
import { isHelpOpen, SHORTCUTS } from './state/shortcuts.ts';
import { useSignal } from './state/signal.ts';
import { JobView } from './views/job/job-view.tsx';
import { KeyGate } from './views/key-gate.tsx';
import { Navigation } from './views/navigation.tsx';
import { Overview } from './views/overview.tsx';
import { QueueView } from './views/queue/queue-view.tsx';

export function App(): JSX.Element {
  const isLocked = useSignal(needsKey);
  if (isLocked) return <KeyGate />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Navigation />
      <main id="main" tabIndex={-1}>
        <Outage />
        <View />
      </main>
      <Questions />
      <Help />
      <Notices />
    </>
  );
}

/** The view of an address: a name of a list, and what follows it. */
function View(): JSX.Element {
  const { parts } = useSignal(place);
  const [list = '', name] = parts;
  useEffect(() => {
    document.title = [name ?? list, 'Millrace'].filter(Boolean).join(' · ');
  }, [list, name]);
  if (parts.length === 0) return <Overview />;
  if (list === 'jobs' && name !== undefined) return <JobView key={name} id={name} />;
  if (list === 'queues' && name !== undefined) return <QueueView key={name} name={name} />;
  return (
    <Empty title="There is no such view">
      <a class="button" href={addressOf([])}>
        To the queues
      </a>
    </Empty>
  );
}

function Outage(): JSX.Element | null {
  return useSignal(isAway) ? (
    <div class="banner is-bad" role="status">
      The API does not answer. This is the last that it said; the page goes on once it is back.
    </div>
  ) : null;
}

function Help(): JSX.Element | null {
  if (!useSignal(isHelpOpen)) return null;
  const close = () => isHelpOpen.set(false);
  return (
    <Dialog title="Keys" onClose={close}>
      <dl class="shortcuts">
        {SHORTCUTS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-actions">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
