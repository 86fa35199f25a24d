import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { Schedule } from '../../net/types.ts';
import { ActForm } from '../../parts/act.tsx';
import { Card, Failure, Head, Loading } from '../../parts/bits.tsx';
import { cronWords } from '../../parts/cron-words.ts';
import { AreaField, Choice, TextField } from '../../parts/fields.tsx';
import { useLoad } from '../../state/load.ts';
import { act, messageOf } from '../../state/notices.ts';
import { addressOf, go } from '../../state/router.ts';
import { NextRuns } from './next-runs.tsx';
import { bodyOf, EMPTY, type Form, formOf } from './schedule-form.ts';

const SHOWN_RUNS = 5;
const TYPING_MS = 250;

/** Makes a schedule. */
export function NewSchedule(): JSX.Element {
  return <Editor title="New schedule" first={EMPTY} />;
}

/** Changes a schedule: what the form does not show stays as it was. */
export function EditSchedule({ id }: { id: string }): JSX.Element {
  const { data, error } = useLoad(`schedule to edit ${id}`, (signal) =>
    call<Schedule>(pathOf('schedules', id), { signal }),
  );
  if (data === undefined) return error === undefined ? <Loading /> : <Failure error={error} />;
  return <Editor title={`Edit ${id}`} first={formOf(data)} stored={data} />;
}

const MISFIRES = [
  ['one', 'the latest fires once'],
  ['skip', 'they are dropped'],
  ['all', 'all fire'],
] as const;
const OVERLAPS = [
  ['allow', 'submit another job'],
  ['skip', 'submit none'],
  ['replace', 'cancel it first'],
] as const;

function Editor({ title, first, stored }: { title: string; first: Form; stored?: Schedule }): JSX.Element {
  const [form, setForm] = useState(first);
  const set = (name: keyof Form) => (value: string) => setForm({ ...form, [name]: value });
  const save = (): Promise<boolean> =>
    act(`${form.id} is stored`, async () => {
      await call(pathOf('schedules', form.id), { method: 'PUT', body: bodyOf(form, stored) });
      go(addressOf(['schedules', form.id]));
    });
  return (
    <>
      <Head title={title} />
      <ActForm class="columns" run={save}>
        <Card className="form">
          {stored === undefined && <TextField label="Name" value={form.id} onInput={set('id')} isRequired />}
          <div class="form-row">
            <TextField
              label="Cron"
              value={form.cron}
              onInput={set('cron')}
              hint={cronHint(form)}
              placeholder="30 2 * * *"
            />
            <TextField label="or every" value={form.every} onInput={set('every')} placeholder="15m" />
            <TextField
              label="Time zone of cron"
              value={form.timeZone}
              onInput={set('timeZone')}
              placeholder="UTC"
            />
          </div>
          <div class="form-row">
            <TextField label="Task" value={form.task} onInput={set('task')} isRequired />
            <TextField label="Queue" value={form.queue} onInput={set('queue')} placeholder="default" />
          </div>
          <AreaField label="Payload (JSON)" value={form.payload} onInput={set('payload')} />
          <div class="form-row">
            <Choice label="Missed slots" value={form.misfire} options={MISFIRES} onInput={set('misfire')} />
            <Choice
              label="If the job before still runs"
              value={form.overlap}
              options={OVERLAPS}
              onInput={set('overlap')}
            />
          </div>
          <div class="actions">
            <button type="submit" class="primary">
              Save schedule
            </button>
            <a
              class="button"
              href={addressOf(stored === undefined ? ['schedules'] : ['schedules', stored.id])}
            >
              Cancel
            </a>
          </div>
        </Card>
        <Card title="Next runs">
          <Preview form={form} />
        </Card>
      </ActForm>
    </>
  );
}

const cronHint = ({ cron }: Form): string | undefined =>
  cron.trim() === '' ? 'Minute, hour, day, month, weekday' : cronWords(cron);

/** The next times of what is typed, as the API reckons them. */
function Preview({ form: { cron, every, timeZone } }: { form: Form }): JSX.Element {
  const [shown, setShown] = useState<{ times: readonly string[]; fault?: string }>();
  useEffect(() => {
    if (cron.trim() === '' && every.trim() === '') {
      setShown(undefined);
      return;
    }
    const stop = new AbortController();
    const body = {
      ...(cron.trim() !== '' && {
        cron: cron.trim(),
        ...(timeZone.trim() !== '' && { timeZone: timeZone.trim() }),
      }),
      ...(every.trim() !== '' && { every: every.trim() }),
    };
    const options = { method: 'POST', query: { n: SHOWN_RUNS }, body, signal: stop.signal };
    const timer = setTimeout(() => {
      call<{ items: string[] }>('schedules/preview', options).then(
        ({ items }) => setShown({ times: items }),
        (error) => stop.signal.aborted || setShown({ times: [], fault: messageOf(error) }),
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [cron, every, timeZone]);
  if (shown === undefined) return <p class="note">Say when it fires, and its next times appear here.</p>;
  if (shown.fault !== undefined) return <Failure error={new Error(shown.fault)} />;
  return <NextRuns times={shown.times} timeZone={timeZone.trim() || 'UTC'} />;
}
