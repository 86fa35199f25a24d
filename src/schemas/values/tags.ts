import { Type } from 'typebox';

/** The most tags of a job, and of a search. */
export const MAX_TAGS = 10;

/** Tags are lines of an index: no control characters, so no line breaks. */
const TAG = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[^\\u0000-\\u001f\\u007f]*$' } as const;

const TAG_TEXT = 'A tag has 1 to 64 characters, none of them a control character.';

/** Tags in a request. */
export const Tags = Type.Unsafe<string[]>({
  type: 'array',
  items: { ...TAG, description: TAG_TEXT },
  maxItems: MAX_TAGS,
  description: `Up to ${MAX_TAGS} tags, by which \`GET /jobs?tag=\` finds the job. ${TAG_TEXT}`,
  examples: [['customer-17', 'import']],
});

/** Tags in a query: one, or several. */
export const TagQuery = Type.Unsafe<string | string[]>({
  ...TAG,
  type: ['string', 'array'],
  items: { ...TAG, description: TAG_TEXT },
  maxItems: MAX_TAGS,
  description: `Only jobs that have this tag. Give \`tag\` up to ${MAX_TAGS} times for jobs that have all of these.`,
  examples: ['customer-17'],
});

/** The tags of a query, each once. */
export const tagsOf = (tag: string | readonly string[] | undefined): string[] =>
  tag === undefined ? [] : [...new Set([tag].flat())];
