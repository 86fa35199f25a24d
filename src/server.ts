import closeWithGrace from 'close-with-grace';
import { buildApp } from './app.ts';
import { type Config, ConfigError, loadConfig, misspeltSettings } from './config.ts';
import { describeMisspelt } from './misspelt-settings.ts';
import { createLogger } from './telemetry/log.ts';

function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const config = readConfig();
const logger = createLogger(config.logLevel, 'millrace-api');
for (const misspelt of misspeltSettings()) logger.warn(describeMisspelt(misspelt));
const app = await buildApp(config, logger);

// Stop order: report not ready, answer waiters, answer open requests, close the Redis connections.
closeWithGrace({ delay: config.shutdownGraceMs, logger }, async ({ err }) => {
  if (err) logger.error({ err }, 'stopping after a defect');
  await app.close();
});

try {
  const address = await app.listen({ host: config.host, port: config.port });
  logger.info({ address }, 'listening');
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
  console.error(
    `Cannot listen on ${config.host}:${config.port} (${code}). Set HOST and PORT to a free address.`,
  );
  process.exit(1);
}
