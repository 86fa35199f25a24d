import { createHash } from 'node:crypto';
import type { ProblemHelp } from '../../schemas/problem.ts';

const STYLE = `:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}
body{max-width:42rem;margin:12vh auto;padding:0 1.25rem}
h1{font-size:1.6rem;line-height:1.25;margin:.25rem 0 1rem}
p.code{margin:0;opacity:.7}
code{font-family:ui-monospace,monospace;font-size:.92em}`;

/** What a browser may load for the page: its own style, and nothing else. */
export const PROBLEM_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256')
  .update(STYLE)
  .digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** The page of a problem, as HTML. */
export const problemPage = ({ code, status, title, help }: ProblemHelp): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${toHtml(title)} · Millrace</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="code"><code>${code}</code> · ${status}</p>
<h1>${toHtml(title)}</h1>
<p>${toHtml(help)}</p>
<p><a href="../docs/">All requests and their answers</a></p>
</main>
</body>
</html>
`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text with code between backticks, as HTML. */
const toHtml = (text: string): string =>
  text
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>');
