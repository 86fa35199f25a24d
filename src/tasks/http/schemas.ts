import { type Static, Type } from 'typebox';

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_MAX_BYTES = 1_048_576;

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
  },
  { additionalProperties: false, examples: [{ url: 'https://example.com/' }] },
);
export type HttpRequest = Static<typeof HttpRequest>;

export const HttpResponse = Type.Object({
  status: Type.Integer({ description: 'Any HTTP status: 4xx and 5xx are results, too.' }),
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
