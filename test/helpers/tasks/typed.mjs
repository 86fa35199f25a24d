/** Has schemas; returns something else than it promises when asked to. */
export default {
  name: 'typed-task',
  attempts: 2,
  backoff: { type: 'fixed', delay: 1 },
  input: {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 1 }, lie: { type: 'boolean' } },
    required: ['n'],
    additionalProperties: false,
  },
  output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  handler: ({ n, lie }) => (lie ? { n: 'many' } : { n }),
};
