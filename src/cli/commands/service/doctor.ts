import { idsIn } from '../../../doctor/options.ts';
import { runDoctor } from '../../../doctor/run.ts';
import { defineCommand } from '../../command.ts';
import { usageError } from '../../exits.ts';
import { checkUrl } from '../../remote/remote-command.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Say what is wrong with Redis, the API, the workers and the settings',
  notes: [
    'It changes nothing, and looks at what REDIS_URL, PREFIX, HOST and PORT name, or else at what runs in',
    'this folder. The exit code is 1 with a warning or a fault.',
  ],
  arguments: [],
  options: {
    url: {
      kind: 'text',
      value: 'URL',
      meaning: 'the API (default: MILLRACE_URL, or what HOST and PORT name)',
    },
    json: { kind: 'flag', meaning: 'prints the findings as JSON' },
    ignore: { kind: 'list', value: 'ID', meaning: 'leaves out a finding that you know; several times' },
  },
  examples: ['millrace doctor', 'millrace doctor --ignore redis-version --json'],
  run: async ({ options: { url, json, ignore } }) => {
    checkUrl(url);
    return runDoctor({ url, json, ignored: ignoredIds(ignore) });
  },
});

function ignoredIds(lists: readonly string[]): ReadonlySet<string> {
  try {
    return idsIn(lists);
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}
