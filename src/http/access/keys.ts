import fastifyPlugin from 'fastify-plugin';
import { AccessKeys } from '../../access/access-keys.ts';
import { Authenticator, adminRecognizer, keyRecognizer } from '../../access/authenticator.ts';
import { KeyUses } from '../../access/key-uses.ts';
import { type Config, ConfigError } from '../../config.ts';
import { Loop } from '../../maintenance/loop.ts';

/** Access keys, and who sends a request by its key. A listening API process writes when keys were last used. */
export const keysPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config: { auth, adminKey } }) => {
    const { core } = app;
    const keys = new AccessKeys(core);
    const uses = new KeyUses(core);
    const loop = new Loop('key uses', uses.run, core.observe);
    const isFirstStart = auth === 'keys' && adminKey === '';
    // Without Redis nobody can tell, and nobody gets in.
    if (isFirstStart && core.redis.status === 'ready' && !(await keys.hasAdmin())) throw noAdmin();

    app.decorate('accessKeys', keys);
    app.decorate('keyUses', uses);
    app.decorate(
      'authenticator',
      new Authenticator(core.clock, [
        ...(adminKey === '' ? [] : [adminRecognizer(adminKey)]),
        keyRecognizer(keys),
      ]),
    );
    if (auth === 'off') return;
    app.addHook('onListen', async () => loop.start());
    app.addHook('onClose', () => loop.stop());
  },
  { name: 'keys', dependencies: ['core', 'door'] },
);

const noAdmin = () =>
  new ConfigError([
    'ADMIN_KEY is not set, and AUTH=keys needs it while Redis holds no key with the scope admin: set ADMIN_KEY, for example ADMIN_KEY=$(openssl rand -hex 32)',
  ]);

declare module 'fastify' {
  interface FastifyInstance {
    accessKeys: AccessKeys;
    keyUses: KeyUses;
    authenticator: Authenticator;
  }
}
