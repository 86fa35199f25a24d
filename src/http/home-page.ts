import { createHash } from 'node:crypto';
import { HOME_LINKS, type Home } from '../schemas/home.ts';

const STYLE =
  ':root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}';

/** The page runs no script, loads nothing and sits in no frame. Its hash allows its one style. */
export const HOME_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The HTML of `/`. */
export function homePage({ name, version }: Pick<Home, 'name' | 'version'>): string {
  const items = Object.entries(HOME_LINKS).map(
    ([title, { href, about }]) =>
      `<li><a href="${escapeHtml(href)}">${escapeHtml(title)}</a>: ${escapeHtml(about)}</li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(name)} ${escapeHtml(version)}</h1>
<ul>
${items.join('\n')}
</ul>
</body>
</html>
`;
}
