import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Job } from '../../net/types.ts';
import { Empty, Failure, Head, Loading, StatusBadge, When } from '../../parts/bits.tsx';
import { SearchField } from '../../parts/fields.tsx';
import { count } from '../../parts/format.ts';
import { List } from '../../parts/list.tsx';
import { type Pages, usePages } from '../../state/pages.ts';
import { addressOf, place } from '../../state/router.ts';
import { useSignal } from '../../state/signal.ts';
import { BulkActions } from './bulk-actions.tsx';
import { type Filter, Filters, filterOf, listOf } from './filters.tsx';

/** The jobs that fit a search. */
export function JobsView(): JSX.Element {
  const { query } = useSignal(place);
  const filter = filterOf(query);
  const { path, query: asked } = listOf(filter);
  const pages = usePages<Job>(path, asked);
  const [text, setText] = useState('');
  const found = useMemo(() => matching(pages.items, text), [pages.items, text]);
  useEffect(() => {
    // What is sought may be further on.
    if (found.length === 0) pages.more();
  }, [found, pages.more]);
  return (
    <>
      <Head title="Jobs" note={<Amount pages={pages} found={found.length} isSearch={text !== ''} />}>
        <SearchField label="Find in the list" value={text} onInput={setText} />
      </Head>
      <Filters filter={filter} />
      <BulkActions filter={filter} />
      <Failure error={pages.error} />
      <Found found={found} pages={pages} filter={filter} />
    </>
  );
}

function matching(jobs: readonly Job[], text: string): readonly Job[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return jobs;
  return jobs.filter(({ id, task = '', key = '', error, tags = [] }) =>
    [id, task, key, error?.message ?? '', ...tags].some((one) => one.toLowerCase().includes(wanted)),
  );
}

function Amount({
  pages,
  found,
  isSearch,
}: {
  pages: Pages<Job>;
  found: number;
  isSearch: boolean;
}): JSX.Element {
  const { items, isWhole, isLoading } = pages;
  return (
    <>
      {isSearch && `${count(found)} of `}
      {count(items.length)} {isWhole ? 'in all' : 'so far'}
      {isLoading && items.length > 0 && ', reading more…'}
    </>
  );
}

function Found({
  found,
  pages,
  filter,
}: {
  found: readonly Job[];
  pages: Pages<Job>;
  filter: Filter;
}): JSX.Element | null {
  if (found.length === 0) {
    if (!pages.isWhole) return <Loading />;
    return pages.error === undefined ? (
      <Empty title="No job fits">
        <p>Jobs that have ended are found by their status, as long as their results are kept.</p>
      </Empty>
    ) : null;
  }
  const columns = [
    { name: 'Job', kind: 'grow mono', cell: ({ id }: Job) => <span class="name">{id}</span> },
    { name: 'Task', kind: 'task mid', cell: ({ task }: Job) => task },
    { name: 'Status', kind: 'state', cell: ({ status }: Job) => <StatusBadge status={status} /> },
    {
      name: 'Attempt',
      kind: 'number wide',
      cell: ({ attempt, maxAttempts }: Job) =>
        `${attempt} / ${maxAttempts === 'unlimited' ? '∞' : maxAttempts}`,
    },
    {
      name: 'Note',
      kind: 'remark wide',
      cell: ({ error, heldBy, tags = [] }: Job) =>
        error?.message ?? (heldBy ? `waits for ${heldBy}` : tags.join(', ')),
    },
    { name: 'Submitted', kind: 'time', cell: ({ createdAt }: Job) => <When at={createdAt} /> },
  ];
  return (
    <List
      key={JSON.stringify(filter)}
      label="Jobs"
      items={found}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => addressOf(['jobs', id])}
      onEnd={pages.more}
      columns={columns}
    />
  );
}
