import { type Static, Type } from 'typebox';
import { timestamp } from '../values/names.ts';

export const LogLine = Type.Object(
  {
    line: Type.Integer({ minimum: 1, description: 'The number of the line in the log, counted from 1.' }),
    at: timestamp('When the line was written.'),
    attempt: Type.Integer({ minimum: 1, description: 'The attempt that wrote it.' }),
    level: Type.String({
      description:
        'Its level as the worker said it, in lower case: `debug`, `info`, `warn`, `error` or another.',
    }),
    message: Type.String({ description: 'Its text. Of a long one the first 4,000 characters are kept.' }),
  },
  { $id: 'LogLine', description: 'A line of the log of a job.' },
);
export type LogLine = Static<typeof LogLine>;

const exampleLine = {
  line: 1,
  at: '2026-01-31T12:00:00.004Z',
  attempt: 1,
  level: 'info',
  message: 'page 1 of 12',
};

export const LogQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Only lines after the line of this number. Default 0: all that are kept.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const JobLog = Type.Object(
  {
    items: Type.Array(Type.Ref('LogLine'), { description: 'The lines, oldest first.' }),
    dropped: Type.Integer({
      minimum: 0,
      description: 'How many lines before these, and after `after`, are not kept.',
    }),
  },
  { description: 'The kept lines of the log of a job.', examples: [{ items: [exampleLine], dropped: 0 }] },
);
export type JobLog = { items: readonly LogLine[]; dropped: number };

/** Lines in the event stream of a job. */
export const LogMessage = Type.Object(
  {
    type: Type.Literal('log', { description: 'Always `log`.' }),
    lines: Type.Array(Type.Ref('LogLine'), { description: 'New lines of the log, oldest first.' }),
    dropped: Type.Integer({ minimum: 0, description: 'How many lines before these are not kept.' }),
  },
  {
    $id: 'LogMessage',
    description:
      'Lines of the log of the job. The message has no id. After a reconnect lines may come again: compare their numbers.',
    examples: [{ type: 'log', lines: [exampleLine], dropped: 0 }],
  },
);
export type LogMessage = { type: 'log'; lines: readonly LogLine[]; dropped: number };
