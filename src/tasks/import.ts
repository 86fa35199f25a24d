import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

/** Imports a module by its URL. */
type Importer = (url: string) => Promise<unknown>;

let typescriptImporter: Promise<Importer> | undefined;

/**
 * The default export of a `.js`, `.mjs`, `.ts` or `.mts` file, CommonJS or ES module; undefined when there is no default export.
 *
 * @throws what the module throws on import, or an Error when neither Node nor tsx can read TypeScript.
 */
export async function importDefault(file: string): Promise<unknown> {
  const url = pathToFileURL(file).href;
  const namespace = await (/\.m?ts$/.test(file) ? importTypeScript(url) : importNative(url));
  const exported = memberDefault(namespace);
  // CommonJS compiled from an ES module has its default export one level deeper.
  return isObject(exported) && !('handler' in exported) && 'default' in exported
    ? memberDefault(exported)
    : exported;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const memberDefault = (value: unknown): unknown =>
  isObject(value) && 'default' in value ? value.default : undefined;

const importNative: Importer = (url) => import(url);

async function importTypeScript(url: string): Promise<unknown> {
  if ('typescript' in process.features && process.features.typescript) return importNative(url);
  typescriptImporter ??= registerTsx();
  return (await typescriptImporter)(url);
}

/** Registers tsx. Call it once: each registration adds a step to every later import of the process. */
async function registerTsx(): Promise<Importer> {
  const [esm, cjs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')]).catch(
    (cause: unknown) => {
      throw new Error(
        'this version of Node cannot read TypeScript and tsx is not installed: run "npm install tsx", or compile the task to JavaScript',
        { cause },
      );
    },
  );
  // A unique name: two registrations with one name would transform files twice.
  const namespace = randomUUID();
  // Without "type": "module" in package.json a .ts file is CommonJS, which the ES hooks do not load.
  cjs.register({ namespace });
  const loader = esm.register({ namespace });
  return (url) => loader.import(url, import.meta.url);
}
