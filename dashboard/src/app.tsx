import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { needsKey } from './net/key.ts';
import { Empty } from './parts/bits.tsx';
import { BulkProgress } from './parts/bulk.tsx';
import { Dialog, Notices, Questions } from './parts/dialogs.tsx';
import { isAway } from './state/load.ts';
import { addressOf, place } from './state/router.ts';
import { isHelpOpen, SHORTCUTS } from './state/shortcuts.ts';
import { useSignal } from './state/signal.ts';
import { AuditView } from './views/access/audit-view.tsx';
import { KeysView } from './views/access/keys-view.tsx';
import { DeadLetters, DeadQueues } from './views/dead.tsx';
import { JobView } from './views/job/job-view.tsx';
import { JobsView } from './views/jobs/jobs-view.tsx';
import { KeyGate } from './views/key-gate.tsx';
import { Navigation } from './views/navigation.tsx';
import { Overview } from './views/overview.tsx';
import { QueueView } from './views/queue/queue-view.tsx';
import { EditSchedule, NewSchedule } from './views/schedules/editor.tsx';
import { ScheduleView } from './views/schedules/schedule-view.tsx';
import { SchedulesView } from './views/schedules/schedules-view.tsx';
import { SubmitView } from './views/submit/submit-view.tsx';
import { SubscriptionsView } from './views/subscriptions-view.tsx';
import { WorkersView } from './views/workers.tsx';

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
        <BulkProgress />
        <View />
      </main>
      <Questions />
      <Help />
      <Notices />
    </>
  );
}

/** The views of lists, and those of what is in them, by the first part of the address. */
const LISTS: Readonly<Record<string, () => JSX.Element>> = {
  '': Overview,
  queues: Overview,
  jobs: JobsView,
  dead: DeadQueues,
  schedules: SchedulesView,
  subscriptions: SubscriptionsView,
  workers: WorkersView,
  keys: KeysView,
  audit: AuditView,
  submit: SubmitView,
};
const ITEMS: Readonly<Record<string, (name: string, part: string | undefined) => JSX.Element>> = {
  queues: (name) => <QueueView name={name} />,
  jobs: (id) => <JobView id={id} />,
  dead: (queue) => <DeadLetters queue={queue} />,
  schedules: (id, part) =>
    id === 'new' ? <NewSchedule /> : part === 'edit' ? <EditSchedule id={id} /> : <ScheduleView id={id} />,
};

/** The view of an address. */
function View(): JSX.Element {
  const { parts } = useSignal(place);
  const [list = '', name, part] = parts;
  useEffect(() => {
    document.title = [name ?? list, 'Millrace'].filter(Boolean).join(' · ');
  }, [list, name]);
  const Item = Object.hasOwn(ITEMS, list) ? ITEMS[list] : undefined;
  const Views = Object.hasOwn(LISTS, list) ? LISTS[list] : undefined;
  if (name !== undefined && Item !== undefined) return <div key={parts.join('/')}>{Item(name, part)}</div>;
  if (name === undefined && Views !== undefined) return <Views key={list} />;
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
