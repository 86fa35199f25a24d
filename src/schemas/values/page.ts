import { Type } from 'typebox';

/** The most items of a page. */
export const Limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 1_000, description: 'The most items to return. Default 100.' }),
);

/** The longest cursor: it may hold the place of a held job, whose key can have 255 characters, each of six bytes as JSON writes it. */
export const MAX_CURSOR_LENGTH = 4_096;

/** Where the next page starts. */
export const Cursor = Type.Optional(
  Type.String({
    maxLength: MAX_CURSOR_LENGTH,
    description: 'The `nextCursor` of the page before, unchanged. Absent: the first page.',
  }),
);

export const NextCursor = Type.Optional(
  Type.String({ description: 'Send it as `cursor` to get the next page. Absent on the last page.' }),
);

/** Of answers about several queues. */
export const Missing = Type.Optional(
  Type.Array(Type.String(), {
    description:
      'Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. Absent: none.',
  }),
);

/** As `NextCursor`, of a listing that reads a bounded part of what may hold items. */
export const NextPartCursor = Type.Optional(
  Type.String({
    description:
      'Send it as `cursor` to get the next page. Absent on the last page. Earlier pages may be short or empty.',
  }),
);
