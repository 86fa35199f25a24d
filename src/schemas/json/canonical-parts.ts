/** Parts between two steps: a step out of deep levels takes longer than a part. */
export const PARTS_AT_ONCE = 200;

/** Longer texts are not copied when parts are joined. */
const LONG_TEXT = 4_096;

/** Puts the parts of an array or object together, with commas. However many they are, no call takes long. */
export class JoinedParts {
  #text = '';
  #hasParts = false;
  #batch: string[] = [];
  #batchLength = 0;

  add(part: string): void {
    if (part.length > LONG_TEXT) {
      this.#flush();
      this.#append(part);
      return;
    }
    this.#batch.push(part);
    this.#batchLength += part.length;
    if (this.#batch.length === PARTS_AT_ONCE || this.#batchLength > LONG_TEXT) this.#flush();
  }

  toString(): string {
    this.#flush();
    return this.#text;
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const joined = this.#batch.join(',');
    this.#batch = [];
    this.#batchLength = 0;
    this.#append(joined);
  }

  /** The engine links long texts and copies them once, at the end. */
  #append(text: string): void {
    this.#text = this.#hasParts ? `${this.#text},${text}` : text;
    this.#hasParts = true;
  }
}

/** The name of a member, and its value as canonical JSON. */
export type Member = readonly [name: string, text: string];

const compare = ([one]: Member, [other]: Member): number => (one < other ? -1 : one > other ? 1 : 0);

/** Members that are sorted at once. */
const RUN = 1_000;

/** The members by their names, in the order of UTF-16 units. Of equal names the last one comes last. Sorts `members` itself. */
export function* sortedMembers(members: Member[]): Generator<void, readonly Member[]> {
  if (members.length <= RUN) return members.sort(compare);
  let runs: Member[][] = [];
  for (let start = 0; start < members.length; start += RUN) {
    runs.push(members.slice(start, start + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: Member[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [one, other] = [runs[i] as Member[], runs[i + 1]];
      merged.push(other === undefined ? one : yield* merge(one, other));
    }
    runs = merged;
  }
  return runs[0] as Member[];
}

function* merge(one: readonly Member[], other: readonly Member[]): Generator<void, Member[]> {
  const merged: Member[] = [];
  for (let i = 0, j = 0; i < one.length || j < other.length; ) {
    const [left, right] = [one[i], other[j]];
    const isLeft = right === undefined || (left !== undefined && left[0] <= right[0]);
    merged.push((isLeft ? left : right) as Member);
    if (isLeft) i += 1;
    else j += 1;
    if (merged.length % RUN === 0) yield;
  }
  return merged;
}
