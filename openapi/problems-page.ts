import { PROBLEMS, problemHelp } from '../src/http/problems/problems.ts';

const INTRO = `# Problems

Every error of the API is a problem document ([Errors](api.md#errors)). Its \`code\` says what is wrong, and its \`type\` is the address
of a page of the service with the text below: \`/problems/<code>\`.`;

/** docs/reference/problems.md: what each code means and what to do. */
export const problemsPage = (): string => `${[INTRO, ...Object.keys(PROBLEMS).map(section)].join('\n\n')}\n`;

function section(code: string): string {
  const { status, title, help } = problemHelp(code);
  return `## ${code}\n\n**${title}** (${status}). ${help}`;
}
