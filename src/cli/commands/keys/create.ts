import type { CreatedKey } from '../../../schemas/keys/key.ts';
import { usageError } from '../../exits.ts';
import { assignments } from '../../remote/assignments.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace keys create`. */
export const keysCreate = defineRemoteCommand({
  name: 'keys create',
  summary: 'Make a key for a client, and show its secret this once',
  arguments: [
    { name: 'NAME', meaning: 'for whom the key is' },
    {
      name: 'SCOPE',
      meaning: 'submit, read, work, manage or admin, or one for a queue, such as read:emails',
      many: true,
    },
  ],
  options: {
    expiresAt: { kind: 'text', value: 'TIME', meaning: 'when the key expires (RFC 3339; default: never)' },
    rate: { kind: 'text', value: 'N/TIME', meaning: 'the most requests in a time, such as 100/1m' },
  },
  examples: ['millrace keys create shop submit:emails read:emails'],
  run: async ({ args: [name = '', ...scopes], options: { expiresAt, rate }, api, printer }) => {
    if (rate !== undefined && !/^\d+\/\w+$/.test(rate)) {
      throw usageError(`--rate is ${JSON.stringify(rate)}: must be a number and a time, such as 100/1m.`);
    }
    const body = { name, scopes, expiresAt, ...(rate === undefined ? {} : assignments([`rate=${rate}`])) };
    const answer = await api.send<CreatedKey>({ method: 'POST', path: '/keys', body });
    const { id, key, scopes: granted } = answer.body;
    const details = () => [
      ['id', id] as const,
      ['scopes', granted.join(' ')] as const,
      ['key', key] as const,
    ];
    await printer.document(answer.body, details, answer.text);
    return undefined;
  },
});
