import { type Static, Type } from 'typebox';
import { timestamp } from '../values/names.ts';
import { Cursor, Limit, NextCursor } from '../values/page.ts';

const time = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00Z'] }));

export const AuditQuery = Type.Object(
  {
    from: time('Only calls at this time or later (RFC 3339).'),
    to: time('Only calls at this time or earlier (RFC 3339).'),
    limit: Limit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);

export type AuditQuery = Static<typeof AuditQuery>;

export const AuditedCall = Type.Object(
  {
    time: timestamp('When the call was recorded, by the clock of Redis: at most a second after its answer.'),
    key: Type.Optional(
      Type.String({
        description:
          'The id of the key, `sub` of the token, or `admin` for ADMIN_KEY. Absent where the caller is not known.',
      }),
    ),
    address: Type.Optional(
      Type.String({
        description: 'The address of the client. Absent where `more` counts many addresses together.',
      }),
    ),
    method: Type.String({ description: 'The method.', examples: ['POST'] }),
    route: Type.Optional(
      Type.String({
        description: 'The pattern of the path. Absent for a path that is not there.',
        examples: ['/queues/:name/pause'],
      }),
    ),
    target: Type.Optional(
      Type.String({ description: 'What the path names, or what the call has made.', examples: ['emails'] }),
    ),
    status: Type.Integer({ description: 'The HTTP status of the answer.' }),
    more: Type.Optional(
      Type.Integer({
        description:
          'So many further calls from this address were refused shortly before. They have no entry of their own.',
      }),
    ),
  },
  { description: 'A call that managed something, or that was refused.' },
);
export type AuditedCall = Static<typeof AuditedCall>;

export const AuditPage = Type.Object(
  {
    items: Type.Array(AuditedCall, { description: 'The calls of this page.' }),
    nextCursor: NextCursor,
  },
  {
    description: 'A page of calls, the newest first.',
    examples: [
      {
        items: [
          {
            time: '2026-01-31T12:00:00.000Z',
            key: 'mi0k2x3a9f3c02b7d1',
            address: '10.0.0.7',
            method: 'POST',
            route: '/queues/:name/pause',
            target: 'emails',
            status: 200,
          },
        ],
      },
    ],
  },
);
export type AuditPage = Static<typeof AuditPage>;
