const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const isAny = (field: string): boolean => field === '*' || field === '?';
const isNumber = (field: string): boolean => /^\d+$/.test(field);
const two = (text: string): string => text.padStart(2, '0');

const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** A number or a short name as the word for it. */
function wordOf(part: string, names: readonly string[], first: number): string {
  const named = names.find((name) => name.slice(0, 3).toLowerCase() === part.toLowerCase());
  return named ?? names[Number(part) - first] ?? part;
}

/** A field of a list, ranges and steps: `MON-FRI` is `Monday to Friday`. */
function fieldWords(field: string, unit: string, word: (part: string) => string = (part) => part): string {
  return list(
    field.split(',').map((part) => {
      const [range = '', step] = part.split('/');
      const [from = '', to] = range.split('-');
      const span = isAny(range) ? '' : to === undefined ? word(from) : `${word(from)} to ${word(to)}`;
      if (step === undefined) return span;
      return `every ${step} ${unit}s${span === '' ? '' : ` from ${span}`}`;
    }),
  );
}

function timeWords(second: string, minute: string, hour: string): string {
  const seconds =
    second === '0' ? '' : isAny(second) ? ', every second' : `, at second ${fieldWords(second, 'second')}`;
  if (isNumber(minute) && hour.split(',').every(isNumber)) {
    const times = hour
      .split(',')
      .map(
        (one) => `${two(one)}:${two(minute)}${isNumber(second) && second !== '0' ? `:${two(second)}` : ''}`,
      );
    return `at ${list(times)}${isNumber(second) ? '' : seconds}`;
  }
  const minutes = isAny(minute)
    ? 'every minute'
    : minute.includes('/')
      ? fieldWords(minute, 'minute')
      : `at minute ${fieldWords(minute, 'minute')}`;
  const hours = isAny(hour)
    ? isAny(minute) || minute.includes('/')
      ? ''
      : ' of every hour'
    : hour.includes('/')
      ? `, ${fieldWords(hour, 'hour')}`
      : `, in hour ${fieldWords(hour, 'hour')}`;
  return minutes + hours + seconds;
}

/** A cron expression in words; undefined for one of a form that the API would not take. */
export function cronWords(cron: string): string | undefined {
  const text = NICKNAMES[cron.trim().toLowerCase()] ?? cron.trim();
  const fields = text.split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  const [second, minute, hour, day, month, weekday] = fields;
  if (fields.length !== 6 || second === undefined || minute === undefined || hour === undefined)
    return undefined;
  if (day === undefined || month === undefined || weekday === undefined) return undefined;
  const days = isAny(day)
    ? ''
    : `on day ${fieldWords(day, 'day', (part) => (part === 'L' ? 'the last' : part))} of the month`;
  const weekdays = isAny(weekday) ? '' : `on ${fieldWords(weekday, 'day', (part) => wordOf(part, DAYS, 0))}`;
  const months = isAny(month) ? '' : `in ${fieldWords(month, 'month', (part) => wordOf(part, MONTHS, 1))}`;
  const when = [days, weekdays].filter(Boolean).join(' or ');
  const words = [timeWords(second, minute, hour), when, months].filter(Boolean).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
