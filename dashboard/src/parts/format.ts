const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `12,345`. */
export const count = (value: number): string => whole.format(value);

/** `12.3K` where there are many. */
export const brief = (value: number): string => (value < 10_000 ? whole.format(value) : short.format(value));

/** A rate with as many digits as tell something. */
export const rate = (value: number): string =>
  value >= 10 ? brief(Math.round(value)) : String(Math.round(value * 10) / 10);

const UNITS = [
  [86_400_000, 'd', 3_600_000, 'h'],
  [3_600_000, 'h', 60_000, 'm'],
  [60_000, 'm', 1_000, 's'],
] as const;

/** A duration in at most two units: `850 ms`, `4.2 s`, `3m 20s`, `2d 4h`. */
export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 100) / 100} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  for (const [unit, name, part, partName] of UNITS) {
    if (ms < unit) continue;
    const rest = Math.floor((ms % unit) / part);
    return `${Math.floor(ms / unit)}${name}${rest > 0 ? ` ${rest}${partName}` : ''}`;
  }
  return '';
}

/** `3 min ago`, `in 2 h`. */
export function ago(ms: number, now: number): string {
  const distance = Math.abs(now - ms);
  if (distance < 2_000) return 'now';
  const text = duration(distance < 60_000 ? Math.round(distance / 1_000) * 1_000 : distance);
  return ms > now ? `in ${text}` : `${text} ago`;
}

const sizes = ['B', 'KiB', 'MiB', 'GiB'];

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), sizes.length - 1);
  const scaled = value / 1024 ** step;
  return `${scaled < 10 && step > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${sizes[step]}`;
}

/** The local time with its zone: `2026-11-29 14:03:05`. */
export function localTime(ms: number, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
    ...(timeZone !== undefined && { timeZone }),
  }).format(ms);
  return parts.replace(',', '');
}

/** `1 job`, `2 jobs`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
