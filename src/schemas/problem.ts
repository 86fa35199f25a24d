import { type Static, Type } from 'typebox';

/** One fault of a request: where it is and what is wrong. */
export const Fault = Type.Object({
  pointer: Type.String({
    description: 'Where the fault is: a JSON pointer (RFC 6901) into the body, query, path or headers.',
    examples: ['/task'],
  }),
  detail: Type.String({ description: 'What is wrong there.', examples: ['is required'] }),
});
export type Fault = Static<typeof Fault>;

/** RFC 9457 problem details. */
export const Problem = Type.Object(
  {
    type: Type.String({
      description: 'The address of a page about the code, relative to the service.',
      examples: ['/problems/invalid-request'],
    }),
    title: Type.String({ description: 'The code in words: the same text for every problem of this code.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What is wrong with this request, and what to do about it.' }),
    instance: Type.String({ description: 'The path of the request.' }),
    code: Type.String({
      description: 'What programs should test. Codes never change.',
      examples: ['invalid-request'],
    }),
    requestId: Type.String({ description: 'Names the request in the log of the service.' }),
    errors: Type.Optional(Type.Array(Fault, { description: 'Each fault of the request.' })),
  },
  {
    $id: 'Problem',
    additionalProperties: true,
    description:
      'Why a request failed (RFC 9457 problem details). Some codes add members, such as `knownTasks`.',
    examples: [
      {
        type: '/problems/invalid-request',
        title: 'The request is not valid',
        status: 400,
        detail: 'Fix the fields listed in `errors` and send the request again.',
        instance: '/jobs',
        code: 'invalid-request',
        requestId: 'req-1',
        errors: [{ pointer: '/task', detail: 'is required' }],
      },
    ],
  },
);
export type Problem = Static<typeof Problem>;

/** What a code of a problem means. */
export const ProblemHelp = Type.Object(
  {
    code: Type.String({ description: 'The code.', examples: ['queue-full'] }),
    status: Type.Integer({ description: 'The HTTP status of its answers.' }),
    title: Type.String({ description: 'The code in words.' }),
    help: Type.String({ description: 'What it means and what to do, as Markdown.' }),
  },
  {
    description: 'What a code of a problem means, and what to do.',
    examples: [
      {
        code: 'queue-full',
        status: 429,
        title: 'The queue is full',
        help: 'The queue has as many jobs as `maxJobs` allows. Wait until workers have done some, or raise the limit.',
      },
    ],
  },
);
export type ProblemHelp = Static<typeof ProblemHelp>;
