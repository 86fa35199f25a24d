/** A call as the audit keeps it. The time is that of its entry in Redis. */
export interface AuditRecord {
  /** The id of the key, or the `sub` of the token; '' where the caller is not known. */
  readonly key: string;
  readonly address: string;
  readonly method: string;
  /** The pattern of the path; '' where none fits. */
  readonly route: string;
  /** What the path names, or what the call has made; '' for nothing. */
  readonly target: string;
  readonly status: number;
  /** How many further calls from the address were refused, beside this one. */
  readonly more?: number;
}

/** The fields of a stream entry: always these in this order. Redis then stores their names once. */
export const encodeRecord = ({
  key,
  address,
  method,
  route,
  target,
  status,
  more = 0,
}: AuditRecord): string[] =>
  Object.entries({ k: key, a: address, m: method, r: route, o: target, s: status, n: more }).flatMap(
    ([name, value]) => [name, String(value)],
  );

/** Any client of Redis can add an entry: a field that is missing is empty. */
export function decodeRecord(fields: readonly string[]): AuditRecord {
  const values = new Map<string | undefined, string | undefined>();
  for (let i = 0; i < fields.length; i += 2) values.set(fields[i], fields[i + 1]);
  const text = (name: string): string => values.get(name) ?? '';
  const number = (name: string): number => Number.parseInt(text(name), 10) || 0;
  const record = {
    key: text('k'),
    address: text('a'),
    method: text('m'),
    route: text('r'),
    target: text('o'),
  };
  const more = number('n');
  return { ...record, status: number('s'), ...(more > 0 && { more }) };
}
