import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { PROBLEM_PAGE_POLICY, problemPage } from '../../../src/http/problems/problem-page.ts';
import { problemHelp } from '../../../src/http/problems/problems.ts';

it('the policy of a page lets its own style in, and nothing else', () => {
  const style = /<style>([^<]*)<\/style>/.exec(problemPage(problemHelp('queue-full')))?.[1] ?? '';
  const digest = createHash('sha256').update(style).digest('base64');
  expect(PROBLEM_PAGE_POLICY).toBe(
    `default-src 'none'; style-src 'sha256-${digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  );
});

it('texts are inert, and code is marked', () => {
  const help = { code: 'x', status: 400, title: '<b>"&', help: 'Set `A<B>`, then <i>wait</i>.' };
  const page = problemPage(help);
  expect(page).toContain('<h1>&lt;b&gt;&quot;&amp;</h1>');
  expect(page).toContain('<p>Set <code>A&lt;B&gt;</code>, then &lt;i&gt;wait&lt;/i&gt;.</p>');
});
