import { buildApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';

/** The OpenAPI document of the service as JSON text, from its routes and schemas. Needs no Redis. */
export async function describeApi(): Promise<string> {
  // Port 1 is never a Redis: the document must not depend on one.
  const config = loadConfig({ REDIS_URL: 'redis://127.0.0.1:1' });
  const app = await buildApp(config);
  try {
    await app.ready();
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
  }
}
