interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names for numbers, from `min` on. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: DAYS },
];

/**
 * What is wrong with a cron pattern that croner refuses, in what its author wrote: croner counts months and days from 0, and
 * names numbers that it has reached on the way. Undefined where only croner knows.
 */
export function explainCronFault(cron: string): string | undefined {
  const texts = cron.trim().split(/\s+/);
  if (cron.startsWith('@')) return undefined;
  if (texts.length !== 5 && texts.length !== 6) {
    return `it has ${texts.length} fields; write five, or six with seconds first`;
  }
  const fields = FIELDS.slice(-texts.length);
  for (const [i, field] of fields.entries()) {
    for (const part of (texts[i] ?? '').split(',')) {
      const fault = faultOf(field, part);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

/** @param part what stands between commas, such as `1-5/2` or `MON#1`. */
function faultOf(field: Field, part: string): string | undefined {
  const { name, min, max } = field;
  if (part === '') return `the ${name} has a comma without a value beside it`;
  const [range = '', step] = part.split('/');
  if (step !== undefined && !/^0*[1-9]\d*$/.test(step))
    return `the step "${step}" of the ${name} is no number above 0`;
  const ends = range.replace(/#.*$/, '').split('-');
  const numbers = ends.map((end) => numberOf(field, end));
  const wrong = numbers.findIndex((number) => number !== undefined && (number < min || number > max));
  if (wrong >= 0) return `the ${name} ${ends[wrong]} is not from ${min} to ${max}`;
  const strange = ends.find((end) => !/^[*?+]*\d*[LW]*$/i.test(end) && numberOf(field, end) === undefined);
  if (strange !== undefined || ends.includes('')) return `the ${name} "${part}" cannot be read`;
  const [from, to] = numbers;
  if (from === undefined || to === undefined || from <= to) return undefined;
  return `the range ${range} of the ${name} runs backwards; write two ranges with a comma between them`;
}

/** Undefined for what is neither a number nor a name. */
function numberOf({ min, names = [] }: Field, text: string): number | undefined {
  const digits = /^\+?(\d+)[LW]?$/i.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  const index = names.indexOf(text.toUpperCase().replace(/L$/, ''));
  return index < 0 ? undefined : min + index;
}
