import distance from 'damerau-levenshtein';

/** A variable of the environment that is no setting, and the setting that was probably meant. */
export interface MisspeltSetting {
  readonly variable: string;
  readonly meant: string;
}

/** What is known of a setting here: its name, and whether it could have that value. */
export interface SettingName {
  readonly variable: string;
  readonly accepts: (value: string) => boolean;
}

/** People guess it, as many services have one. */
const GUESSED_PREFIX = /^MILLRACE_/i;

/** Shorter names, such as PORT, differ by one letter from too many others. */
const ONE_FAULT_LENGTH = 6;
const TWO_FAULTS_LENGTH = 9;

/** Whether only few letters are left out, added, changed, or swapped with the next one. */
function isClose(name: string, setting: string): boolean {
  const { length } = setting;
  const most = length >= TWO_FAULTS_LENGTH ? 2 : length >= ONE_FAULT_LENGTH ? 1 : 0;
  // First, because the distance takes the square of the length in time and memory.
  if (Math.abs(name.length - length) > most) return false;
  return distance(name, setting).steps <= most;
}

/** Of OpenSSL; it is close to TLS_CERT_FILE. */
const OF_OTHERS = ['SSL_CERT_FILE'];

/**
 * Variables that look like settings and are none. A false alarm is worse than a miss: other programs share the
 * environment. So a value that the setting could not have tells that the variable is for another program (such as the
 * MILLRACE_PORT=tcp://10.0.0.1:3000 of Kubernetes), and so does the setting itself beside it.
 */
export function findMisspelt(env: NodeJS.ProcessEnv, settings: readonly SettingName[]): MisspeltSetting[] {
  const candidates = settings.filter(({ variable }) => env[variable] === undefined);
  const known = new Set([...settings.map(({ variable }) => variable), ...OF_OTHERS]);
  return Object.entries(env).flatMap(([variable, value = '']) => {
    if (known.has(variable) || value === '') return [];
    const name = variable.replace(GUESSED_PREFIX, '').toUpperCase();
    // A single word in small letters is the variable of a shell or of make, such as prefix.
    if (!variable.includes('_') && variable !== name) return [];
    const meant = candidates.find((one) => isClose(name, one.variable) && one.accepts(value));
    return meant === undefined ? [] : [{ variable, meant: meant.variable }];
  });
}

/** What is logged of it. */
export const describeMisspelt = ({ variable, meant }: MisspeltSetting): string =>
  `${variable} is not a setting. Did you mean ${meant}?`;
