import { createHash, randomBytes } from 'node:crypto';

/** A key as its owner sends it: `mrk_<id>_<secret>`. */
export interface KeyText {
  readonly id: string;
  readonly secret: string;
}

const SECRET_BYTES = 32;
const ID_BYTES = 5;
/** The form of an id. */
export const KEY_ID = /^[0-9a-z]{1,32}$/;
const KEY = /^mrk_([0-9a-z]{1,32})_([A-Za-z0-9_-]{43})$/;

/** A new key. Ids are in the order of their times; the secret has 256 random bits. */
export const newKey = (now: number): KeyText => ({
  id: `${now.toString(36)}${randomBytes(ID_BYTES).toString('hex')}`,
  secret: randomBytes(SECRET_BYTES).toString('base64url'),
});

export const formatKey = ({ id, secret }: KeyText): string => `mrk_${id}_${secret}`;

/** Undefined for a text that has not the form of a key. */
export function parseKeyText(text: string): KeyText | undefined {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * SHA-256, which is all that Redis holds of a secret. A slow hash as for passwords would gain nothing: nobody can try
 * 256 random bits.
 */
export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
