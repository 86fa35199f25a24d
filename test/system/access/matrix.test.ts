import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTE_SCOPES } from '../../../src/access/route-scopes.ts';
import type { TakeResponse } from '../../../src/schemas/lease.ts';
import { AUDIENCE, ISSUER, keySet, newKey, token, useJwksServer } from '../../helpers/access/issuer.ts';
import { ADMIN_KEY, makeBriefKey, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { startReadyApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { expectedVerdict, missingScope, OPERATIONS, type Operation, type Verdict } from './operations.ts';
import { ask, requestOf, type Target } from './targets.ts';

const redis = useRedis();
const issuer = useJwksServer();
let api: Awaited<ReturnType<typeof startReadyApi>>;

const OWN = 'mine';
const FOREIGN = 'theirs';
const NEVER = 'nobodys';
const TOKEN = 'openid';
const SCOPES = ['submit', 'read', 'work', 'manage', 'admin'];

/** Keys by their scopes. */
const keys = new Map<string, string>();
const refused: (string | undefined)[] = [undefined, 'wrong', `mrk_x_${'x'.repeat(43)}`];

const keyOf = (scopes: readonly string[]): string => keys.get(scopes.join()) ?? '';

const CALLERS: readonly (readonly string[])[] = [
  ...SCOPES.map((scope) => [scope]),
  ...SCOPES.map((scope) => [`${scope}:${OWN}`]),
  ...SCOPES.map((scope) => [`${scope}:elsewhere`]),
  // Who may read a queue, but not do the rest there, is told so.
  ['read', `submit:${OWN}`, `work:${OWN}`, `manage:${OWN}`],
  [`read:${OWN}`, 'work:elsewhere', 'manage:elsewhere', 'submit:elsewhere'],
  // Tokens: their claim has this word, too, which is no scope of ours.
  [TOKEN, 'admin'],
  [TOKEN, `read:${OWN}`, `work:${OWN}`],
  [TOKEN],
];

beforeAll(async () => {
  const own = await newKey('own');
  issuer.serve(keySet(own));
  const tokens = { JWKS_URL: issuer.url, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE };
  api = await startReadyApi(redis.url, { ...WITH_KEYS, ...tokens });
  for (const scopes of CALLERS) {
    const isToken = scopes.includes(TOKEN);
    const made = isToken ? token(own, { scope: scopes.join(' ') }) : makeKey(api.origin, [...scopes]);
    keys.set(scopes.join(), await made.then((one) => (typeof one === 'string' ? one : one.key)));
  }
  const gone = await makeKey(api.origin, ['admin']);
  const late = await makeBriefKey(api.origin, ['admin']);
  await ask(api.origin, { method: 'DELETE', path: `/keys/${gone.id}` }, ADMIN_KEY);
  const scope = 'admin';
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'x', exp: 9_999_999_999, scope };
  refused.push(
    gone.key,
    late.key,
    await token(own, { scope, aud: 'other' }),
    await token(own, { scope, exp: 1 }),
    await token(await newKey('own'), { scope }),
    new UnsecuredJWT(claims).encode(),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'own' }).sign(new Uint8Array(32)),
  );
  for (const key of refused) {
    await until(
      async () => (await ask(api.origin, { method: 'GET', path: '/' }, key)).status === 401,
      'a refused key',
    );
  }
});

afterAll(() => api.app.close());

let count = 0;

const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
  const { text } = await ask(api.origin, { method, path, body }, ADMIN_KEY);
  return text === '' ? undefined : JSON.parse(text);
};

/** What the operation is about, in the queue: stored as far as the operation needs it, and nowhere in the queue that never was. */
async function targetIn(queue: string, { path, id }: Operation, taker = ADMIN_KEY): Promise<Target> {
  count += 1;
  const target = {
    queue,
    job: `${queue}~nzzzzzzzz-${count.toString(36)}`,
    schedule: `schedule-${count}`,
    lease: `x.${'0'.repeat(24)}~n5c~${queue}`,
  };
  if (queue === NEVER) return target;
  const { schedule } = target;
  if (path.includes('{sub}')) await admin('PUT', `/queues/${queue}/subscriptions/billing`, {});
  if (path.startsWith('/schedules/{id}'))
    await admin('PUT', `/schedules/${schedule}`, { every: '1d', job: { task: 'echo', queue } });
  const { id: job } = (await admin('POST', '/jobs', { task: 'echo', queue })) as { id: string };
  if (ROUTE_SCOPES[id]?.scope !== 'work') return { ...target, job };
  await admin('POST', `/queues/${queue}/resume`);
  const take = { method: 'POST', path: '/leases', body: { queues: [queue] } };
  const { lease } = JSON.parse((await ask(api.origin, take, taker)).text) as TakeResponse;
  return { ...target, job, lease };
}

const MISSING = new Set([
  'job-not-found',
  'queue-not-found',
  'schedule-not-found',
  'subscription-not-found',
  'lease-not-found',
]);

function verdictOf({ status, text }: { status: number; text: string }): Verdict {
  const body = text.startsWith('{') ? JSON.parse(text) : {};
  const code: unknown = status === 207 ? body.items[0].problem?.code : body.code;
  if (code === 'unauthorized' || code === 'forbidden') return code;
  return MISSING.has(String(code)) ? 'never was' : 'let in';
}

/** The last scope that a refusal names is the narrowest one that will do. */
function namedScope(text: string): string | undefined {
  const { detail, items } = JSON.parse(text);
  return /.*"([a-z]+(:\w+)?)"/.exec(detail ?? items[0].problem.detail)?.[1];
}

/** An answer without what names its target. */
const withoutNames = (text: string, { queue, job, schedule, lease }: Target): string =>
  [lease, job, schedule, queue]
    .reduce((rest, name, i) => rest.replaceAll(name, `<${i}>`), text)
    .replaceAll(/"(requestId|instance|lease|expiresAt)":"[^"]*"/g, '');

describe.each(OPERATIONS)('$id', (operation: Operation) => {
  it('documents its refusals', () => {
    const refusals = operation.statuses.filter((status) => status === '401' || status === '403');
    expect(refusals).toEqual(operation.needsKey ? ['401', '403'] : []);
  });

  it('answers nobody without a valid key', async () => {
    const target = await targetIn(OWN, operation);
    const sent = requestOf(operation, target);
    for (const key of refused) {
      expect(verdictOf(await ask(api.origin, sent, key)), key).toBe(
        operation.needsKey ? 'unauthorized' : 'let in',
      );
    }
  });

  it('lets in whom the table lets in, and names the scope that others lack', async () => {
    const wrong: string[] = [];
    let target: Target | undefined;
    for (const scopes of CALLERS) {
      // A lease belongs to the key that has taken it.
      const canWork = scopes.some((scope) => /^(work|admin)(:mine)?$/.test(scope));
      target =
        canWork || target === undefined
          ? await targetIn(OWN, operation, canWork ? keyOf(scopes) : ADMIN_KEY)
          : target;
      const expected = expectedVerdict(operation, scopes, OWN);
      const answer = await ask(api.origin, requestOf(operation, target), keyOf(scopes));
      const verdict = verdictOf(answer);
      if (verdict !== expected) wrong.push(`${scopes}: ${verdict}, not ${expected}: ${answer.text}`);
      if (verdict === 'forbidden') expect(namedScope(answer.text)).toBe(missingScope(operation, scopes, OWN));
      if (verdict === 'let in' || canWork) target = undefined;
    }
    expect(wrong).toEqual([]);
  });

  it('answers for a foreign target as for one that never was', async () => {
    const wrong: string[] = [];
    const never = await targetIn(NEVER, operation);
    let used: Target | undefined;
    for (const scopes of CALLERS) {
      const canWork = scopes.some((scope) => scope === 'work' || scope === 'admin');
      const foreign = canWork
        ? await targetIn(FOREIGN, operation, keyOf(scopes))
        : (used ?? (await targetIn(FOREIGN, operation)));
      const expected = expectedVerdict(operation, scopes, FOREIGN);
      const answer = await ask(api.origin, requestOf(operation, foreign), keyOf(scopes));
      const verdict = verdictOf(answer);
      if (verdict !== expected) wrong.push(`${scopes}: ${verdict}, not ${expected}: ${answer.text}`);
      used = verdict === 'let in' || canWork ? undefined : foreign;
      // Who may read the queue may know what is there.
      if (expected === 'let in' || scopes.includes('read')) continue;
      const other = await ask(api.origin, requestOf(operation, never), keyOf(scopes));
      const isSame = withoutNames(answer.text, foreign) === withoutNames(other.text, never);
      if (answer.status !== other.status || !isSame)
        wrong.push(`${scopes}: ${answer.text} is not ${other.text}`);
    }
    expect(wrong).toEqual([]);
  });
});
