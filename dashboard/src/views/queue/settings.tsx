import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { QueueSummary } from '../../net/types.ts';
import { ActForm } from '../../parts/act.tsx';
import { Card } from '../../parts/bits.tsx';
import { CheckField, TextField } from '../../parts/fields.tsx';
import { act } from '../../state/notices.ts';

/** The settings as they are typed; an empty text is no limit. */
interface Form {
  readonly maxJobs: string;
  readonly concurrency: string;
  readonly rate: string;
  readonly keyConcurrency: string;
  readonly keyRate: string;
  readonly keyMaxJobs: string;
  readonly fair: boolean;
  readonly submitEvents: boolean;
}

const text = (value: number | undefined): string => (value === undefined ? '' : String(value));

interface Rate {
  readonly limit: number;
  readonly per: number;
  readonly burst: number;
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const;

/** `100/1m`, or `100/1m/20` with a burst of its own. */
function rateText(rate: Rate | undefined): string {
  if (rate === undefined) return '';
  const [unit, name] = UNITS.find(([ms]) => rate.per % ms === 0) ?? [1, 'ms'];
  const burst = rate.burst === rate.limit ? '' : `/${rate.burst}`;
  return `${rate.limit}/${rate.per / unit}${name}${burst}`;
}

/** The API says what is wrong with a part that is no number. */
function rateOf(typed: string): object | null {
  if (typed.trim() === '') return null;
  const [limit = '', per = '', burst] = typed.split('/').map((part) => part.trim());
  return { limit: numberOf(limit), per, ...(burst !== undefined && { burst: numberOf(burst) }) };
}

const numberOf = (typed: string): number | string | null => {
  const trimmed = typed.trim();
  if (trimmed === '') return null;
  return Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
};

const formOf = ({ maxJobs, concurrency, rate, perKey, fair, submitEvents }: QueueSummary): Form => ({
  maxJobs: text(maxJobs),
  concurrency: text(concurrency),
  rate: rateText(rate),
  keyConcurrency: text(perKey?.concurrency),
  keyRate: rateText(perKey?.rate),
  keyMaxJobs: text(perKey?.maxJobs),
  fair: fair === true,
  submitEvents,
});

/** What has changed, as the API takes it. */
export function changesOf(before: Form, after: Form): object {
  const changed = (name: keyof Form): boolean => before[name] !== after[name];
  const perKey = {
    ...(changed('keyConcurrency') && { concurrency: numberOf(after.keyConcurrency) }),
    ...(changed('keyRate') && { rate: rateOf(after.keyRate) }),
    ...(changed('keyMaxJobs') && { maxJobs: numberOf(after.keyMaxJobs) }),
  };
  return {
    ...(changed('maxJobs') && { maxJobs: numberOf(after.maxJobs) }),
    ...(changed('concurrency') && { concurrency: numberOf(after.concurrency) }),
    ...(changed('rate') && { rate: rateOf(after.rate) }),
    ...(Object.keys(perKey).length > 0 && { perKey }),
    ...(changed('fair') && { fair: after.fair }),
    ...(changed('submitEvents') && { submitEvents: after.submitEvents }),
  };
}

const RATE_HINT = 'Such as 100/1m; 100/1m/20 for at most 20 at once';

export function SettingsCard({ queue }: { queue: QueueSummary }): JSX.Element {
  const stored = formOf(queue);
  const [typed, setTyped] = useState<Partial<Form>>({});
  const form = { ...stored, ...typed };
  const changes = changesOf(stored, form);
  const isChanged = Object.keys(changes).length > 0;
  const field = (name: Exclude<keyof Form, 'fair' | 'submitEvents'>, label: string, hint?: string) => (
    <TextField
      label={label}
      hint={hint}
      placeholder="no limit"
      value={form[name]}
      onInput={(value) => setTyped({ ...typed, [name]: value })}
    />
  );
  const save = async (): Promise<void> => {
    const path = pathOf('queues', queue.name);
    if (await act('The settings are stored', () => call(path, { method: 'PUT', body: changes })))
      setTyped({});
  };
  return (
    <Card title="Settings">
      <ActForm class="form" run={save}>
        <div class="form-row">
          {field('concurrency', 'Running at a time')}
          {field('rate', 'Starts per time', RATE_HINT)}
          {field('maxJobs', 'Jobs in the queue')}
        </div>
        <div class="form-row">
          {field('keyConcurrency', 'Running per key')}
          {field('keyRate', 'Starts per key')}
          {field('keyMaxJobs', 'Jobs per key')}
        </div>
        <div class="form-row">
          <CheckField
            label="Keys take turns"
            value={form.fair}
            onInput={(fair) => setTyped({ ...typed, fair })}
          />
          <CheckField
            label="An event for each submit"
            value={form.submitEvents}
            onInput={(submitEvents) => setTyped({ ...typed, submitEvents })}
          />
        </div>
        <div class="actions">
          <button type="submit" class="primary" disabled={!isChanged}>
            Save settings
          </button>
          {isChanged && (
            <button type="button" class="quiet" onClick={() => setTyped({})}>
              Undo
            </button>
          )}
        </div>
      </ActForm>
    </Card>
  );
}
