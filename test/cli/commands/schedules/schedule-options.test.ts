import { expect, it } from 'vitest';
import { SCHEDULE_OPTIONS, scheduleJson } from '../../../../src/cli/commands/schedules/schedule-options.ts';
import { parseArguments, type ValuesOf } from '../../../../src/cli/parse.ts';
import { keepingIo } from '../../../helpers/cli/sink.ts';

const jsonOf = (document: string | undefined, ...words: string[]): Promise<string> => {
  const command = { name: 'put', summary: '', arguments: [], options: SCHEDULE_OPTIONS, examples: [] };
  const { values } = parseArguments(command, words);
  return scheduleJson(document, values as ValuesOf<typeof SCHEDULE_OPTIONS>, keepingIo(false));
};

it('makes a schedule of options, with the text of the payload as it is', async () => {
  const words = ['--cron', '0 3 * * *', '--task', 'report', '--payload', '{"n": 1.0}', '-o', 'overlap=skip'];
  expect(await jsonOf(undefined, ...words, '-o', 'job.attempts=3')).toBe(
    '{"cron":"0 3 * * *","overlap":"skip","job":{"task":"report","attempts":3,"payload":{"n": 1.0}}}',
  );
});

it('takes a document in place of options, and not both', async () => {
  expect(await jsonOf('{"every": "1h"}')).toBe('{"every": "1h"}');
  await expect(jsonOf('{}', '--every', '1h')).rejects.toThrow('Give a document or options, not both.');
});
