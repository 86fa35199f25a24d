const HEAD = `# Millrace

> Millrace is a job service. A program submits a job with one HTTP request, then waits for the result or fetches it later.
> Workers run the jobs: task files in TypeScript or JavaScript, functions in Python, programs in any language over HTTP. Redis Streams carry them.

In a clone, \`npm start\` runs the service on http://127.0.0.1:3000, and \`npx millrace submit fib '{"n":100}' --wait\` runs a job. A running service has its OpenAPI
document at \`/openapi.json\` and explains each error at \`/problems/{code}\`. A job runs at least once, so its effects must be repeatable.

## Start

- [README](README.md): what it is, what it is not for, the first job
- [Tutorial](docs/tutorial.md): a task of your own, a retry, a dead letter, a Python worker, a schedule
`;

const TAIL = `## Optional

- [Deployment files](deploy/README.md): Docker Compose, Kubernetes, Prometheus, Grafana
- [Example workers](examples/workers/README.md): whole workers in bash, Python, Ruby, PHP and Perl
- [Changelog](CHANGELOG.md): what changed
- [Upgrading](UPGRADING.md): how to go from one release to the next
- [Map of the code](src/README.md): rooms, keys of Redis, glossary
- [Contributing](CONTRIBUTING.md): how to change the code
`;

const LINK = /\[([^\]]+)\]\(([^)]+)\)/g;

/** A row of the index as items of a list: one for each page that it links to. */
const itemsOf = (row: string): string[] => {
  const [, pages = '', note = ''] = row.split('|').map((cell) => cell.trim());
  return [...pages.matchAll(LINK)].map(([, name, path]) => `- [${name}](docs/${path}): ${note}`);
};

/**
 * llms.txt: what programs that read documentation read first, by the convention of llmstxt.org.
 *
 * @param index docs/README.md, which has a section with a table for each kind of page.
 */
export function llmsText(index: string): string {
  const sections = index
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = '', ...lines] = section.split('\n');
      return `## ${title}\n\n${lines
        .filter((line) => line.startsWith('| ['))
        .flatMap(itemsOf)
        .join('\n')}\n`;
    });
  return [HEAD, ...sections, TAIL].join('\n');
}
