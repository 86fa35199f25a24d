import { CODE, escapedUnit, LOWER_U, UNICODE_ESCAPE } from './tokens.ts';

/** Where a document holds texts, which are values that stay as they came. */
export type Places = 'text' | PlacesInside;

export interface PlacesInside {
  /** In each item, if the value is an array. No such array lies in another. */
  readonly each?: Places;
  /** In members, if it is an object. */
  readonly members?: readonly Member[];
}

/** A name in ASCII, which a document may write with escapes. */
export interface Name {
  readonly bytes: Uint8Array;
}

export interface Member extends Name {
  readonly name: string;
  readonly places: Places;
}

/** Places in members of an object, such as `inMembers({ payload: 'text' })`. */
export const inMembers = (members: Readonly<Record<string, Places>>): PlacesInside => ({
  members: Object.entries(members).map(([name, places]) => ({ name, bytes: Buffer.from(name), places })),
});

export function placesOf(json: Uint8Array, at: number, members: readonly Member[]): Places | undefined {
  for (const member of members) if (isNamed(json, at, member)) return member.places;
  return undefined;
}

/** Whether the string whose opening quote is at `at` is that name. Reads no further than the name is long, and copies nothing. */
export function isNamed(json: Uint8Array, at: number, { bytes }: Name): boolean {
  let from = at + 1;
  for (let i = 0; i < bytes.length; i += 1) {
    let code = json[from] ?? -1;
    let length = 1;
    if (code === CODE.backslash && json[from + 1] === LOWER_U) {
      code = escapedUnit(json, from);
      length = UNICODE_ESCAPE;
    }
    if (code !== bytes[i]) return false;
    from += length;
  }
  return json[from] === CODE.quote;
}
