import { Cron } from 'croner';

/** When something is to happen; all times are Unix ms. A slot is one such time, and the name of what happens then. */
export interface Timetable {
  readonly rhythm: Rhythm;
  /** No slot before this time. */
  readonly startAt?: number | undefined;
  /** No slot after this time. */
  readonly endAt?: number | undefined;
}

type Rhythm =
  /** Five fields, or six with seconds first, read in an IANA zone. */
  | { readonly cron: string; readonly timeZone: string }
  /** `anchor` and every so many ms after it. */
  | { readonly everyMs: number; readonly anchor: number };

/** Compiled patterns, by zone and pattern: compiling takes as long as a search. */
const compiled = new Map<string, Cron>();
const MOST_COMPILED = 2_000;

/**
 * Around a change of the clock (croner, `fixedTimeRule`): a pattern whose time fields have neither wildcard nor step
 * names times of day. Those that fall into a gap are fired together once, at its end, unless that is on the next day;
 * those that come twice are fired the first time. Any other pattern is an interval, and goes by what the clock shows.
 *
 * @throws {Error} which says what is wrong with the pattern.
 */
function compile({ cron, timeZone }: { cron: string; timeZone: string }): Cron {
  const key = `${timeZone} ${cron}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = new Cron(cron, {
    timezone: timeZone,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    paused: true,
  });
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(key, made);
  return made;
}

/** Why this is no pattern, in croner's words. */
export function cronFault(cron: string): string | undefined {
  try {
    compile({ cron, timeZone: 'UTC' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
  }
}

/** Whether this Node knows the zone (ECMA-402: IANA names, whatever their case; not offsets). */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** Whether the pattern has any slot at all: there is no 30 February. */
export const everHappens = (cron: string): boolean =>
  compile({ cron, timeZone: 'UTC' }).nextRun(new Date(0)) !== null;

/** The first slot strictly after that time. */
export function nextSlot({ rhythm, startAt, endAt }: Timetable, after: number): number | undefined {
  const from = startAt === undefined ? after : Math.max(after, startAt - 1);
  const slot =
    'cron' in rhythm
      ? compile(rhythm).nextRun(new Date(from))?.getTime()
      : rhythm.anchor + Math.max(0, Math.floor((from - rhythm.anchor) / rhythm.everyMs) + 1) * rhythm.everyMs;
  return slot === undefined || (endAt !== undefined && slot > endAt) ? undefined : slot;
}

/** The next slots strictly after that time, at most so many. */
export function slotsAfter(timetable: Timetable, after: number, most: number): number[] {
  const slots: number[] = [];
  for (let slot = nextSlot(timetable, after); slot !== undefined; slot = nextSlot(timetable, slot)) {
    if (slots.push(slot) >= most) break;
  }
  return slots;
}

/** The last slots from `from` on and before `before`, at most so many, in order. `from` is itself one. */
export function slotsBefore(
  { rhythm, endAt }: Timetable,
  { from, before }: { from: number; before: number },
  most: number,
): number[] {
  const end = endAt === undefined ? before : Math.min(before, endAt + 1);
  if ('cron' in rhythm) {
    const found = compile(rhythm).previousRuns(most, new Date(end));
    return found
      .map((date) => date.getTime())
      .filter((slot) => slot >= from && slot < end)
      .sort((a, b) => a - b);
  }
  const last = from + Math.floor((end - 1 - from) / rhythm.everyMs) * rhythm.everyMs;
  const count = Math.max(0, Math.min(most, (last - from) / rhythm.everyMs + 1));
  return Array.from({ length: count }, (_, i) => last - (count - 1 - i) * rhythm.everyMs);
}

/** How many slots there are from `from`, which is one, to `to`, which is one; of a cron at most `most` are counted. */
export function countSlots(timetable: Timetable, { from, to }: { from: number; to: number }, most: number) {
  const { rhythm } = timetable;
  if (!('cron' in rhythm)) return (to - from) / rhythm.everyMs + 1;
  let count = 1;
  for (let slot: number | undefined = from; slot !== undefined && slot < to && count < most; count += 1) {
    slot = nextSlot(timetable, slot);
  }
  return count;
}
