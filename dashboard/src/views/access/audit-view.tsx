import type { JSX } from 'preact';
import type { AuditedCall } from '../../net/types.ts';
import { Badge, Empty, Failure, Head, Loading, When } from '../../parts/bits.tsx';
import { count } from '../../parts/format.ts';
import { List } from '../../parts/list.tsx';
import { usePages } from '../../state/pages.ts';

/** Calls that managed something, and refused ones. */
export function AuditView(): JSX.Element {
  const { items, isWhole, isLoading, error, more } = usePages<AuditedCall>('audit', {});
  return (
    <>
      <Head
        title="Audit"
        note={`${count(items.length)} calls ${isWhole ? 'in all' : 'so far'}, the newest first`}
      />
      <Failure error={error} />
      {items.length === 0 && (isLoading ? <Loading /> : <Empty title="No calls yet" />)}
      {items.length > 0 && (
        <List label="Audited calls" items={items} keyOf={keyOf} onEnd={more} columns={COLUMNS} />
      )}
    </>
  );
}

const keyOf = ({ time, address, route, target, status }: AuditedCall): string =>
  [time, address, route, target, status].join(' ');

const COLUMNS = [
  {
    name: 'Call',
    kind: 'grow mono',
    cell: ({ method, route = '', more }: AuditedCall) => (
      <span title={`${method} ${route}`}>
        {method} {route} {more !== undefined && `and ${more} more`}
      </span>
    ),
  },
  {
    name: 'Target',
    kind: 'remark mid',
    cell: ({ target = '' }: AuditedCall) => <span title={target}>{target}</span>,
  },
  { name: 'Key', kind: 'task wide', cell: ({ key = '–' }: AuditedCall) => <span title={key}>{key}</span> },
  { name: 'Address', kind: 'task wide', cell: ({ address = '–' }: AuditedCall) => address },
  {
    name: 'Status',
    kind: 'number',
    cell: ({ status }: AuditedCall) => <Badge tone={status < 300 ? 'good' : 'bad'}>{status}</Badge>,
  },
  { name: 'When', kind: 'time', cell: ({ time }: AuditedCall) => <When at={time} /> },
];
