import { type Static, Type } from 'typebox';

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_MAX_BYTES = 1_048_576;
/** Statuses of a server that may answer otherwise later. */
export const DEFAULT_FAIL_ON = ['5xx', 429] as const;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export const HttpRequest = Type.Object(
  {
    url: Type.String({
      maxLength: 8_192,
      pattern: '^[hH][tT][tT][pP][sS]?://',
      description: 'An http or https URL of a public host, without user name and password.',
    }),
    method: Type.Optional(
      Type.Unsafe<(typeof METHODS)[number]>({
        type: 'string',
        enum: [...METHODS],
        description: 'Default GET.',
      }),
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String(),
        Type.String({
          maxLength: 8_192,
          pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$',
          description: 'One line of text.',
        }),
        {
          maxProperties: 64,
          propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$" },
          description: 'Not Host, Content-Length or any header that belongs to the connection.',
        },
      ),
    ),
    body: Type.Optional(Type.String({ description: 'Sent as UTF-8; not with GET or HEAD.' })),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 600_000,
        description: 'Limit of the whole exchange, redirects and body included. Default 30,000.',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 8_388_608,
        description: 'How much of the body is kept, in bytes. Default 1,048,576.',
      }),
    ),
    failOn: Type.Optional(
      Type.Unsafe<readonly (number | string)[]>({
        type: 'array',
        maxItems: 32,
        items: {
          anyOf: [
            { type: 'integer', minimum: 100, maximum: 599 },
            { type: 'string', pattern: '^[1-5]([xX]{2}|[0-9]{2}(-[1-5][0-9]{2})?)$' },
          ],
        },
        description:
          'Statuses that fail the attempt: numbers, classes such as "5xx", ranges such as "400-499". A `Retry-After` of such an answer, at most a day, is the wait before the next attempt. Default ["5xx", 429]; [] makes each answer a result.',
        examples: [['5xx', 429, '400-499']],
      }),
    ),
  },
  { additionalProperties: false, examples: [{ url: 'https://example.com/' }] },
);
export type HttpRequest = Static<typeof HttpRequest>;

export const HttpResponse = Type.Object({
  status: Type.Integer({ description: 'Any HTTP status that `failOn` does not name.' }),
  url: Type.String({ description: 'Where the answer came from, after redirects.' }),
  headers: Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())])),
  body: Type.String({ description: 'As received, without any decompression.' }),
  encoding: Type.Unsafe<'utf8' | 'base64'>({
    type: 'string',
    enum: ['utf8', 'base64'],
    description: 'base64 when the body is not UTF-8 text.',
  }),
  truncated: Type.Boolean({ description: 'Whether the body was longer than maxBytes.' }),
});
export type HttpResponse = Static<typeof HttpResponse>;
