import { inert } from '../../output/inert.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace keys delete`. */
export const keysDelete = defineRemoteCommand({
  name: 'keys delete',
  summary: 'Revoke a key within two seconds',
  arguments: [{ name: 'ID', meaning: 'the id of the key, as millrace keys list shows it' }],
  options: {},
  examples: ['millrace keys delete 7'],
  run: async ({ args: [id = ''], api, printer }) => {
    await api.send({ method: 'DELETE', path: pathOf`/keys/${id}` });
    await printer.line({ id, deleted: true }, () => `Key ${inert(id)} is revoked.`);
    return undefined;
  },
});
