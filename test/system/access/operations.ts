import { readFile } from 'node:fs/promises';
import { ROUTE_SCOPES, type RouteAccess } from '../../../src/access/route-scopes.ts';
import type { Scope } from '../../../src/schemas/keys/scope.ts';

interface Described {
  operationId: string;
  security?: { bearer?: string[] }[];
  requestBody?: { content: Record<string, { schema?: Described['schema'] & { $ref?: string } }> };
  responses: Record<string, unknown>;
  schema?: { examples?: unknown[] };
}

/** A request of the OpenAPI document, and what it says of the key that it needs. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** As the document has it; undefined for a key with any scope. */
  readonly scope: Scope | undefined;
  readonly needsKey: boolean;
  readonly queue: RouteAccess['queue'];
  readonly statuses: readonly string[];
}

const document = JSON.parse(
  await readFile(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, Described>> };

export const OPERATIONS: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId: id, security = [], responses }]): Operation => {
    const access = ROUTE_SCOPES[id];
    if (access === undefined) throw new Error(`${id} has no row`);
    return {
      id,
      method: method.toUpperCase(),
      path,
      scope: security[0]?.bearer?.[0] as Scope | undefined,
      needsKey: security.length > 0,
      queue: access.queue,
      statuses: Object.keys(responses),
    };
  }),
);

/** What the service may answer as far as access goes. */
export type Verdict = 'let in' | 'unauthorized' | 'forbidden' | 'never was';

/** A model of scopes that shares no code with the service. */
const holds = (scopes: readonly string[], scope: string, queue?: string): boolean =>
  scopes.some((text) => {
    const [name, ofQueue] = text.split(':');
    if (name !== scope && name !== 'admin') return false;
    return ofQueue === undefined || ofQueue === queue;
  });

const holdsSomewhere = (scopes: readonly string[], scope: string): boolean =>
  scopes.some((text) => text.startsWith(scope) || text.startsWith('admin'));

/** What the contract says for a valid key with these scopes, and a target in that queue. */
export function expectedVerdict(
  { scope, needsKey, queue: kind }: Operation,
  scopes: readonly string[],
  queue: string,
): Verdict {
  if (!needsKey || scope === undefined || holds(scopes, scope)) return 'let in';
  if (kind === 'all' || !holdsSomewhere(scopes, scope)) return 'forbidden';
  if (kind === 'some' || holds(scopes, scope, queue)) return 'let in';
  if (kind === 'body') return 'forbidden';
  return kind !== 'lease' && holds(scopes, 'read', queue) ? 'forbidden' : 'never was';
}

/** The narrowest scope that a refused request lacks: `QUEUE` stands for a queue that is not known when it is refused. */
export function missingScope(
  { scope, queue: kind }: Operation,
  scopes: readonly string[],
  queue: string,
): string {
  if (scope === undefined || kind === 'all') return String(scope);
  const isKnown = ['path', 'job', 'lease'].includes(kind) || holdsSomewhere(scopes, scope);
  return `${scope}:${isKnown ? queue : 'QUEUE'}`;
}
