import { Type } from 'typebox';

/** What a caller may do. `admin` has all others in it. */
export const SCOPES = ['submit', 'read', 'work', 'manage', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A scope alone, or with the name of a queue or a pattern of names. */
const SCOPE_PATTERN = `^(${SCOPES.join('|')})(:[A-Za-z0-9*][A-Za-z0-9_.*-]{0,63})?$`;

export const ScopeText = Type.String({
  pattern: SCOPE_PATTERN,
  description:
    'What the key may do: `submit`, `read`, `work`, `manage`, or `admin`, which is all of them. With a queue, or a pattern of queues in which `*` stands for any characters, it holds for those queues only: `submit:emails`, `read:img-*`. Keys and the audit need `admin` for all queues.',
  examples: ['submit:emails'],
});
