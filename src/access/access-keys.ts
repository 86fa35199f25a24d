import type { Clock } from '../clock.ts';
import { AppError, invalidCursor, invalidRequest } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { AccessKeys as RedisKeys } from '../redis/keys.ts';
import { parseJson } from '../redis/parse-json.ts';
import { type KeyView, MAX_PER_MS, MIN_PER_MS, type NewKey } from '../schemas/keys/key.ts';
import type { Fault } from '../schemas/problem.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import { durationMs } from '../schemas/values/duration.ts';
import { timeMs, toTimestamp } from '../schemas/values/timestamp.ts';
import type { KeyRate } from './caller.ts';
import { Grants } from './grants.ts';
import { digestOf, formatKey, KEY_ID, newKey } from './key-text.ts';
import { addKey, findKey, removeKey } from './scripts/keys.ts';

/** Keys of all services together. */
const MAX_KEYS = 10_000;
/** Records of one look for a key with `admin`. */
const LOOK = 500;
const MINUTE_MS = 60_000;

/** A key as Redis holds it. */
export interface KeyRecord {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Unix ms. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly rate?: KeyRate;
  /** SHA-256 of the secret, base64url. */
  readonly digest: string;
}

/** A key that was found, and the time by the clock of Redis, Unix ms. */
export interface FoundKey {
  readonly record: KeyRecord | undefined;
  readonly now: number;
}

/** The access keys in Redis: made, found, listed and revoked. */
export class AccessKeys {
  readonly #redis: Connection;
  readonly #keys: RedisKeys;
  readonly #clock: Clock;

  constructor({
    redis,
    keySpace,
    clock,
  }: {
    redis: Connection;
    keySpace: { access: RedisKeys };
    clock: Clock;
  }) {
    this.#redis = redis;
    this.#keys = keySpace.access;
    this.#clock = clock;
  }

  /** Makes a key, whose text is shown this once. @throws {AppError} too-many-keys, invalid-request. */
  async create(key: NewKey): Promise<KeyView & { key: string }> {
    const { name, scopes, expiresAt, rate } = key;
    const now = this.#clock.wall();
    checkTimes(key, now);
    const text = newKey(now);
    const record: KeyRecord = {
      name,
      scopes: [...new Set(scopes)],
      createdAt: now,
      ...(expiresAt !== undefined && { expiresAt: timeMs(expiresAt) }),
      ...(rate !== undefined && { rate: { limit: rate.limit, perMs: durationMs(rate.per) } }),
      digest: digestOf(text.secret).toString('base64url'),
    };
    const entry = { id: text.id, record: JSON.stringify(record), most: MAX_KEYS };
    if (!(await addKey(this.#redis, this.#keys, entry))) throw tooMany();
    return { ...viewOf(text.id, record, undefined), key: formatKey(text) };
  }

  async find(id: string): Promise<FoundKey> {
    const { record, now } = await findKey(this.#redis, this.#keys, id);
    return { record: record === undefined ? undefined : readRecord(record), now };
  }

  /** Revokes a key. @throws {AppError} key-not-found. */
  async remove(id: string): Promise<void> {
    if (await removeKey(this.#redis, this.#keys, id)) return;
    throw new AppError('key-not-found', 'There is no such key. GET /keys lists the keys with their ids.');
  }

  /** A page of the keys, the oldest first. @throws {AppError} invalid-request. */
  async list({ limit, cursor }: { limit: number; cursor?: string }) {
    const after = cursor === undefined ? '' : decodeCursor(cursor);
    if (cursor !== undefined && !KEY_ID.test(after)) throw invalidCursor();
    const ids = await this.#idsAfter(after, limit + 1);
    const page = ids.slice(0, limit);
    const [records, uses] = await Promise.all([this.#records(page), this.#uses(page)]);
    const items = page.flatMap((id, i) => {
      const record = records[i];
      return record === undefined ? [] : [viewOf(id, record, uses[i])];
    });
    const last = page.at(-1);
    return { items, ...(ids.length > limit && last !== undefined && { nextCursor: encodeCursor(last) }) };
  }

  /** Whether there is a key with `admin` for all queues that has not expired. */
  async hasAdmin(): Promise<boolean> {
    for (let after = ''; ; ) {
      const ids = await this.#idsAfter(after, LOOK);
      const records = await this.#records(ids);
      if (records.some((record) => record !== undefined && this.#isAdmin(record))) return true;
      const last = ids.at(-1);
      if (last === undefined || ids.length < LOOK) return false;
      after = last;
    }
  }

  #isAdmin({ scopes, expiresAt = Number.POSITIVE_INFINITY }: KeyRecord): boolean {
    return expiresAt > this.#clock.wall() && new Grants(scopes).may('admin');
  }

  #idsAfter(id: string, count: number): Promise<string[]> {
    const from = id === '' ? '-' : `(${id}`;
    return this.#redis.zrange(this.#keys.ids, from, '+', 'BYLEX', 'LIMIT', 0, count);
  }

  async #records(ids: readonly string[]): Promise<(KeyRecord | undefined)[]> {
    if (ids.length === 0) return [];
    const found = await this.#redis.hmget(this.#keys.records, ...ids);
    return found.map((text) => (text === null ? undefined : readRecord(text)));
  }

  async #uses(ids: readonly string[]): Promise<(number | undefined)[]> {
    if (ids.length === 0) return [];
    const found = await this.#redis.hmget(this.#keys.uses, ...ids);
    return found.map((ms) => (ms === null ? undefined : Number(ms)));
  }
}

/** @throws {AppError} invalid-request for what the schema cannot see. */
function checkTimes({ expiresAt, rate }: Pick<NewKey, 'expiresAt' | 'rate'>, now: number): void {
  const errors: Fault[] = [];
  if (expiresAt !== undefined && !(timeMs(expiresAt) > now))
    errors.push({ pointer: '/expiresAt', detail: 'must be in the future' });
  if (rate !== undefined) {
    const perMs = durationMs(rate.per);
    if (perMs < MIN_PER_MS || perMs > MAX_PER_MS)
      errors.push({ pointer: '/rate/per', detail: `must be ${MIN_PER_MS} ms to ${MAX_PER_MS} ms` });
  }
  if (errors.length > 0) throw invalidRequest(errors);
}

const tooMany = () =>
  new AppError('too-many-keys', `There are ${MAX_KEYS} keys already. Revoke some with DELETE /keys/{id}.`);

/** Undefined for a text that is no record: another program may have written it. */
function readRecord(text: string): KeyRecord | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { digest, scopes, createdAt } = value as Partial<Record<keyof KeyRecord, unknown>>;
  const isRecord = typeof digest === 'string' && Array.isArray(scopes) && typeof createdAt === 'number';
  return isRecord ? (value as KeyRecord) : undefined;
}

const viewOf = (
  id: string,
  { name, scopes, createdAt, expiresAt, rate }: KeyRecord,
  usedAt: number | undefined,
): KeyView => ({
  id,
  name,
  scopes: [...scopes],
  createdAt: toTimestamp(createdAt),
  ...(expiresAt !== undefined && { expiresAt: toTimestamp(expiresAt) }),
  ...(rate !== undefined && { rate: { limit: rate.limit, per: rate.perMs } }),
  ...(usedAt !== undefined && { lastUsedAt: toTimestamp(Math.floor(usedAt / MINUTE_MS) * MINUTE_MS) }),
});
