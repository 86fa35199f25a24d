import { fileVariable, type Setting } from '../src/config/setting-kinds.ts';
import { table } from './markdown.ts';

const INTRO = `# Configuration

Made by \`npm run docs\` from \`src/config/\`; do not edit.

API and workers read their settings from environment variables, once, when they start. An empty variable counts as
unset. A wrong value stops the start: the message names every fault and an example of a right value. A name that looks
misspelt, such as \`CONCURENCY\`, is reported at start. Times are in milliseconds, sizes in bytes.

A setting with a second variable, such as \`REDIS_URL_FILE\`, is a secret. The second variable names a file with the value, as
Docker and Kubernetes give secrets to containers. A line break at the end of the file does not count. Only one of the two may be set.
`;

const ROLES = [
  [
    'both',
    'API and workers',
    'Give API and workers the same values of these. If `RESULT_TTL_MS`, `DEAD_MAX`, `DEAD_TTL_MS` or `MAX_PAYLOAD_BYTES` differ, each process uses its own, logs `settings-differ`, and `GET /readyz` says so in `warnings`.',
  ],
  ['api', 'API', ''],
  ['worker', 'Workers', ''],
  [
    'client',
    'The doctor',
    'For the [doctor](../how-to/doctor.md), `npm run doctor` or `npx millrace doctor`, which reads the settings above, too.',
  ],
] as const;

const UNITS = [
  ['day', 86_400_000],
  ['second', 1_000],
] as const;

/** " (30 days)" after a number of milliseconds. */
function inWords(ms: number): string {
  const [unit, size] = UNITS.find(([, length]) => ms % length === 0) ?? ['millisecond', 1];
  return ` (${ms / size} ${unit}${ms === size ? '' : 's'})`;
}

/** The default, or words for one that depends on the machine. */
function defaultOf({ variable, fallback, fallbackText }: Setting<unknown>): string {
  if (fallbackText !== undefined) return fallbackText;
  const value = fallback();
  if (value === '') return '–';
  const words = variable.endsWith('_MS') && typeof value === 'number' ? inWords(value) : '';
  return `\`${String(value)}\`${words}`;
}

const code = (text: string): string => `\`${text}\``;

/** docs/reference/configuration.md: every setting, by who uses it. */
export function configurationPage(settings: readonly Setting<unknown>[]): string {
  const parts = ROLES.map(([role, title, note]) => {
    const rows = settings
      .filter(({ usedBy }) => usedBy === role)
      .map((setting) => [
        setting.isSecret
          ? `${code(setting.variable)}, ${code(fileVariable(setting))}`
          : code(setting.variable),
        defaultOf(setting),
        setting.expected,
        setting.meaning,
        `\`${setting.variable}=${setting.example}\``,
      ]);
    const head = ['variable', 'default', 'value', 'meaning', 'example'];
    return [`## ${title}`, ...(note === '' ? [] : [note]), table(head, rows)].join('\n\n');
  });
  return `${[INTRO.trimEnd(), ...parts].join('\n\n')}\n`;
}
