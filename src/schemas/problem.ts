import { type Static, Type } from 'typebox';

/** One fault in the input: where (RFC 6901 JSON pointer) and what. */
export const Fault = Type.Object({
  pointer: Type.String({ description: 'RFC 6901 pointer into the input.', examples: ['/task'] }),
  detail: Type.String({ examples: ['is required'] }),
});
export type Fault = Static<typeof Fault>;

/** RFC 9457 problem details. */
export const Problem = Type.Object(
  {
    type: Type.String({ examples: ['urn:millrace:problem:invalid-request'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong and what to do about it.' }),
    instance: Type.String(),
    code: Type.String({ examples: ['invalid-request'] }),
    requestId: Type.String(),
    errors: Type.Optional(Type.Array(Fault)),
  },
  {
    $id: 'Problem',
    additionalProperties: true,
    description: 'RFC 9457 problem details.',
    examples: [
      {
        type: 'urn:millrace:problem:invalid-request',
        title: 'The request is not valid',
        status: 400,
        detail: 'Mend the fields listed in errors and send the request again.',
        instance: '/jobs',
        code: 'invalid-request',
        requestId: 'req-1',
        errors: [{ pointer: '/task', detail: 'is required' }],
      },
    ],
  },
);
export type Problem = Static<typeof Problem>;
