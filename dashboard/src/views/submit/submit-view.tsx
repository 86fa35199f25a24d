import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { all, call } from '../../net/api.ts';
import { parseJson } from '../../net/json.ts';
import type { AnnouncedTask, Job } from '../../net/types.ts';
import { ActForm } from '../../parts/act.tsx';
import { Card, Head } from '../../parts/bits.tsx';
import { AreaField, Choice, TextField } from '../../parts/fields.tsx';
import { useLoad } from '../../state/load.ts';
import { act } from '../../state/notices.ts';
import { useIdempotency } from '../../state/repeats.ts';
import { addressOf, go, place } from '../../state/router.ts';
import { PayloadFields } from './payload-fields.tsx';
import { fieldsOf, payloadOf } from './schema-fields.ts';

interface Options {
  readonly queue: string;
  readonly task: string;
  readonly priority: string;
  readonly delay: string;
  readonly attempts: string;
  readonly key: string;
  readonly tags: string;
}

const PRIORITIES = [
  ['', 'normal'],
  ['critical', 'critical'],
  ['high', 'high'],
  ['low', 'low'],
] as const;

/** A form for a job. Where the task has announced the schema of its payload, the form has its fields. */
export function SubmitView(): JSX.Element {
  const { query } = place.value;
  const [options, setOptions] = useState<Options>({
    queue: query.get('queue') ?? '',
    task: query.get('task') ?? '',
    priority: '',
    delay: '',
    attempts: '',
    key: '',
    tags: '',
  });
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [json, setJson] = useState('');
  const [wantsJson, setWantsJson] = useState(false);
  const { data: tasks = [] } = useLoad('tasks', (signal) => all<AnnouncedTask>('tasks', {}, signal));
  const fields = useMemo(() => fieldsOf(taskOf(tasks, options)?.input), [tasks, options.queue, options.task]);
  const isForm = fields !== undefined && !wantsJson;
  const set = (name: keyof Options) => (value: string) => setOptions({ ...options, [name]: value });

  const repeatable = useIdempotency();
  const submit = (): Promise<boolean> =>
    act('The job is submitted', async () => {
      const payload = isForm ? payloadOf(fields, typed) : json.trim() === '' ? undefined : parseJson(json);
      const body = { ...optionsOf(options), payload };
      const job = await call<Job>('jobs', { method: 'POST', body, headers: repeatable(body) });
      go(addressOf(['jobs', job.id]));
    });
  return (
    <>
      <Head title="Submit a job" />
      <ActForm class="columns" run={submit}>
        <Card className="form">
          <div class="form-row">
            <TextField label="Task" value={options.task} onInput={set('task')} list="tasks" isRequired />
            <TextField
              label="Queue"
              value={options.queue}
              onInput={set('queue')}
              list="queues"
              placeholder="default"
            />
          </div>
          <Names tasks={tasks} />
          {isForm ? (
            <PayloadFields
              fields={fields}
              typed={typed}
              onInput={(name, value) => setTyped({ ...typed, [name]: value })}
            />
          ) : (
            <AreaField label="Payload (JSON)" value={json} onInput={setJson} />
          )}
          {fields !== undefined && (
            <button type="button" class="quiet is-start" onClick={() => setWantsJson(!wantsJson)}>
              {wantsJson ? 'As a form' : 'As JSON'}
            </button>
          )}
          <div class="actions">
            <button type="submit" class="primary">
              Submit job
            </button>
          </div>
        </Card>
        <Card title="Options" className="form">
          <Choice label="Priority" value={options.priority} options={PRIORITIES} onInput={set('priority')} />
          <TextField label="Delay" value={options.delay} onInput={set('delay')} placeholder="none, or 30s" />
          <TextField
            label="Attempts"
            value={options.attempts}
            onInput={set('attempts')}
            placeholder="of the task"
          />
          <TextField label="Key" value={options.key} onInput={set('key')} placeholder="for whom the job is" />
          <TextField label="Tags" value={options.tags} onInput={set('tags')} placeholder="comma separated" />
        </Card>
      </ActForm>
    </>
  );
}

const queueOf = ({ queue }: Options): string => queue.trim() || 'default';

const taskOf = (tasks: readonly AnnouncedTask[], options: Options): AnnouncedTask | undefined =>
  tasks.find(({ name, queue }) => name === options.task.trim() && queue === queueOf(options));

/** What the browser suggests. */
function Names({ tasks }: { tasks: readonly AnnouncedTask[] }): JSX.Element {
  return (
    <>
      <datalist id="tasks">
        {[...new Set(tasks.map(({ name }) => name))].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <datalist id="queues">
        {[...new Set(tasks.map(({ queue }) => queue))].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

/** The API says what is wrong with attempts that are no number. */
function optionsOf({ queue, task, priority, delay, attempts, key, tags }: Options): object {
  const words = tags.split(',').map((tag) => tag.trim());
  const given = { queue: queue.trim(), task: task.trim(), priority, delay: delay.trim(), key };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
    ...(attempts.trim() !== '' && {
      attempts: Number.isNaN(Number(attempts)) ? attempts.trim() : Number(attempts),
    }),
    ...(tags.trim() !== '' && { tags: words.filter(Boolean) }),
  };
}
