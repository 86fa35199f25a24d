import { readFile } from 'node:fs/promises';
import { CLIENT_SETTINGS } from '../src/config/client.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { PROBLEMS } from '../src/http/problems/problems.ts';
import { METRICS } from '../src/telemetry/metrics/catalog.ts';
import { apiPage } from './api-page.ts';
import { configurationPage } from './configuration-page.ts';
import { describeApi } from './describe.ts';
import { llmsText } from './llms-text.ts';
import { metricsPage } from './metrics-page.ts';
import { problemsPage } from './problems-page.ts';

/** The generated texts for readers, by their paths in the repository. Needs no Redis. */
export async function docsPages(): Promise<Record<string, string>> {
  return {
    'docs/reference/api.md': apiPage(JSON.parse(await describeApi()), PROBLEMS),
    'docs/reference/configuration.md': configurationPage([
      ...Object.values(SETTINGS),
      ...Object.values(CLIENT_SETTINGS),
    ]),
    'docs/reference/problems.md': problemsPage(),
    'docs/reference/metrics.md': metricsPage(Object.values(METRICS)),
    'llms.txt': llmsText(await readFile(new URL('../docs/README.md', import.meta.url), 'utf8')),
  };
}
