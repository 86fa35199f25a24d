import type { LogLine } from '../../client/types/api.generated.ts';
import { inert } from './inert.ts';
import type { Paint, Style } from './paint.ts';

const STYLES: Readonly<Record<string, Style>> = { error: 'red', warn: 'yellow', debug: 'dim' };
const LEVEL_WIDTH = 'debug'.length;

/** A line of a job's log, for people. */
export const logLineText = ({ at, attempt, level, message }: LogLine, paint: Paint): string =>
  [
    paint('dim', inert(at)),
    paint('dim', `attempt ${attempt}`),
    paint(STYLES[level], inert(level).padEnd(LEVEL_WIDTH)),
    inert(message),
  ].join('  ');
