import type { ComponentChildren, JSX } from 'preact';
import type { Status } from '../net/types.ts';
import { addressOf } from '../state/router.ts';
import { Signal, useSignal } from '../state/signal.ts';
import { ago, localTime } from './format.ts';

export function StatusBadge({ status }: { status: Status }): JSX.Element {
  return <span class={`status is-${status}`}>{status}</span>;
}

type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info';

export function Badge({
  tone = 'plain',
  title,
  children,
}: {
  tone?: Tone;
  title?: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`badge is-${tone}`} title={title}>
      {children}
    </span>
  );
}

/** The time on this machine. One clock for all that show it. */
const clock = new Signal(Date.now());
setInterval(() => clock.set(Date.now()), 1_000);

/** How long ago a time of the API was; its tip has the time itself. */
export function When({ at }: { at: string | undefined }): JSX.Element | null {
  const now = useSignal(clock);
  if (at === undefined) return null;
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={`${localTime(ms)}\n${at}`}>
      {ago(ms, now)}
    </time>
  );
}

export function JobLink({ id }: { id: string }): JSX.Element {
  return (
    <a class="mono" href={addressOf(['jobs', id])}>
      {id}
    </a>
  );
}

export function QueueLink({ name }: { name: string }): JSX.Element {
  return <a href={addressOf(['queues', name])}>{name}</a>;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Why a view has nothing to show, where the API has said so. */
export function Failure({ error }: { error: Error | undefined }): JSX.Element | null {
  return error === undefined ? null : (
    <p class="failure" role="alert">
      {error.message}
    </p>
  );
}

export function Loading(): JSX.Element {
  return (
    <p class="loading" role="status">
      Loading…
    </p>
  );
}

/** The head of a view: its title, and what can be done there. */
export function Head({
  title,
  note,
  children,
}: {
  title: ComponentChildren;
  note?: ComponentChildren;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <header class="head">
      <div class="head-title">
        <h1>{title}</h1>
        {note !== undefined && <p class="note">{note}</p>}
      </div>
      <div class="actions">{children}</div>
    </header>
  );
}

export function Card({
  title,
  aside,
  children,
  className = '',
}: {
  title?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
  className?: string;
}): JSX.Element {
  return (
    <section class={`card ${className}`}>
      {title !== undefined && (
        <header class="card-head">
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

/** Names with their values. Entries without a value are left out. */
export function Facts({
  of,
}: {
  of: readonly (readonly [name: string, value: ComponentChildren])[];
}): JSX.Element {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
