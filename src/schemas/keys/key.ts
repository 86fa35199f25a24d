import { type Static, Type } from 'typebox';
import { duration } from '../values/duration.ts';
import { timestamp } from '../values/names.ts';
import { Cursor, Limit, NextCursor } from '../values/page.ts';
import { ScopeText } from './scope.ts';

/** The most scopes of a key. */
const MAX_SCOPES = 100;
const MAX_RATE = 1_000_000;
export const MIN_PER_MS = 100;
export const MAX_PER_MS = 86_400_000;

const KeyName = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'What the key is for, for people.',
  examples: ['shop'],
});

const Scopes = Type.Array(ScopeText, {
  minItems: 1,
  maxItems: MAX_SCOPES,
  description: 'What the key may do. They never change: make another key instead.',
});

export const NewKey = Type.Object(
  {
    name: KeyName,
    scopes: Scopes,
    expiresAt: Type.Optional(timestamp('From when on the key is refused. Absent: never.')),
    rate: Type.Optional(
      Type.Object(
        {
          limit: Type.Integer({ minimum: 1, maximum: MAX_RATE, description: 'Requests in that time.' }),
          per: duration('In which time.', { min: MIN_PER_MS, max: MAX_PER_MS }),
        },
        {
          additionalProperties: false,
          description: 'How many requests the key may send, counted by all API processes together.',
        },
      ),
    ),
  },
  {
    additionalProperties: false,
    description: 'A new key.',
    examples: [{ name: 'shop', scopes: ['submit:emails', 'read:emails'] }],
  },
);
export type NewKey = Static<typeof NewKey>;

const view = {
  id: Type.String({ description: 'The id of the key. It is no secret.', examples: ['mi0k2x3a9f3c02b7d1'] }),
  name: KeyName,
  scopes: Scopes,
  createdAt: timestamp('When the key was made.'),
  expiresAt: Type.Optional(timestamp('From when on the key is refused.')),
  rate: Type.Optional(
    Type.Object(
      {
        limit: Type.Integer({ description: 'Requests in that time.' }),
        per: Type.Integer({ description: 'In which time, in milliseconds.' }),
      },
      { description: 'How many requests the key may send.' },
    ),
  ),
  lastUsedAt: Type.Optional(
    timestamp('When the key was last used, exact to a minute. Absent: not used yet.'),
  ),
};

const example = {
  id: 'mi0k2x3a9f3c02b7d1',
  name: 'shop',
  scopes: ['submit:emails', 'read:emails'],
  createdAt: '2026-01-31T12:00:00.000Z',
};

export const KeyView = Type.Object(view, { description: 'A key, without its secret.', examples: [example] });
export type KeyView = Static<typeof KeyView>;

export const CreatedKey = Type.Object(
  {
    ...view,
    key: Type.String({
      description:
        'The key itself, to be sent as `Authorization: Bearer <key>`. It is shown this once: the service keeps only a hash of it.',
      examples: ['mrk_mi0k2x3a9f3c02b7d1_…'],
    }),
  },
  { description: 'The new key.', examples: [{ ...example, key: 'mrk_mi0k2x3a9f3c02b7d1_…' }] },
);
export type CreatedKey = Static<typeof CreatedKey>;

export const KeyListQuery = Type.Object({ limit: Limit, cursor: Cursor }, { additionalProperties: false });

export const KeyPage = Type.Object(
  {
    items: Type.Array(KeyView, { description: 'The keys of this page.' }),
    nextCursor: NextCursor,
  },
  { description: 'A page of keys, the oldest first.', examples: [{ items: [example] }] },
);

export const KeyParams = Type.Object({
  id: Type.String({ maxLength: 64, description: 'The id of the key.', examples: ['mi0k2x3a9f3c02b7d1'] }),
});
