import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { all, call, request } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { CreatedKey, KeyView } from '../../net/types.ts';
import { ActButton, ActForm } from '../../parts/act.tsx';
import { Badge, Card, Empty, Failure, Head, Loading, When } from '../../parts/bits.tsx';
import { TextField } from '../../parts/fields.tsx';
import { plural } from '../../parts/format.ts';
import { List } from '../../parts/list.tsx';
import { copy } from '../../parts/value.tsx';
import { useLoad } from '../../state/load.ts';
import { act, actAfter } from '../../state/notices.ts';

/** The keys. They are read on demand alone: each time is a line in the audit. */
export function KeysView(): JSX.Element {
  const { data, error } = useLoad('keys', (signal) => all<KeyView>('keys', { limit: 1_000 }, signal));
  return (
    <>
      <Head title="Keys" note={data && plural(data.length, 'key')} />
      <NewKey />
      <Failure error={error} />
      {data === undefined && error === undefined && <Loading />}
      {data?.length === 0 && (
        <Empty title="No keys yet">Each client gets a key of its own, with no more than it needs.</Empty>
      )}
      {data !== undefined && data.length > 0 && (
        <List label="Keys" items={data} keyOf={({ id }) => id} columns={COLUMNS} />
      )}
    </>
  );
}

const COLUMNS = [
  {
    name: 'Name',
    kind: 'grow',
    cell: ({ name, id }: KeyView) => (
      <span class="row-name" title={id}>
        {name}
      </span>
    ),
  },
  {
    name: 'Scopes',
    kind: 'remark',
    cell: ({ scopes }: KeyView) => <span title={scopes.join('\n')}>{scopes.join(', ')}</span>,
  },
  {
    name: 'Expires',
    kind: 'time wide',
    cell: ({ expiresAt }: KeyView) => (expiresAt === undefined ? 'never' : <When at={expiresAt} />),
  },
  {
    name: 'Last used',
    kind: 'time wide',
    cell: ({ lastUsedAt }: KeyView) =>
      lastUsedAt === undefined ? <Badge>unused</Badge> : <When at={lastUsedAt} />,
  },
  {
    name: 'Action',
    kind: 'act',
    cell: (one: KeyView) => (
      <ActButton class="quiet" run={() => revoke(one)}>
        Revoke
      </ActButton>
    ),
  },
];

const revoke = ({ id, name }: KeyView) =>
  actAfter(
    {
      title: `Revoke the key ${name}?`,
      text: 'Within two seconds no request with it is taken, and its open streams end. Nobody can bring it back.',
      verb: 'Revoke key',
      isDangerous: true,
    },
    `${name} is revoked`,
    () => request(pathOf('keys', id), { method: 'DELETE' }),
  );

/** Makes a key, and shows it this once. */
function NewKey(): JSX.Element {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState('');
  const [made, setMade] = useState<CreatedKey>();
  const make = () =>
    act(`The key ${name} is made`, async () => {
      const body = { name, scopes: scopes.split(/[\s,]+/).filter(Boolean) };
      setMade(await call<CreatedKey>('keys', { method: 'POST', body }));
      setName('');
      setScopes('');
    });
  return (
    <Card className="group">
      <ActForm class="filters is-form" run={make}>
        <TextField label="Name of the new key" value={name} onInput={setName} placeholder="shop" isRequired />
        <TextField
          label="Scopes"
          value={scopes}
          onInput={setScopes}
          placeholder="submit:emails read:emails"
          isRequired
        />
        <button type="submit">Make a key</button>
      </ActForm>
      {made !== undefined && (
        <div class="made-key">
          <p>
            The key of <strong>{made.name}</strong>. It is shown this once:
          </p>
          <code class="mono">{made.key}</code>
          <span class="actions">
            <button type="button" onClick={() => copy(made.key, 'the key')}>
              Copy
            </button>
            <button type="button" class="quiet" onClick={() => setMade(undefined)}>
              Hide
            </button>
          </span>
        </div>
      )}
    </Card>
  );
}
