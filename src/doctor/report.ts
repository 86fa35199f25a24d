import { styleText } from 'node:util';
import type { Finding, Level } from './finding.ts';
import type { Area } from './judge.ts';

type Style = Parameters<typeof styleText>[0];

const STYLES: Readonly<Record<Level, Style>> = {
  ok: 'green',
  note: 'cyan',
  warning: 'yellow',
  fault: 'red',
};
/** Width of the longest level, and a space. */
const INDENT = 'warning '.length;
const WIDTH = 100;

/** The findings for people. @param isColoured whether the reader is a terminal */
export function reportText(areas: readonly Area[], isColoured: boolean): string {
  const paint = (style: Style, text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const lines = areas.flatMap(({ name, findings }) => [
    paint('bold', name),
    ...findings.flatMap((finding) => linesOf(finding, paint)),
    '',
  ]);
  return [...lines, summary(areas.flatMap(({ findings }) => findings))].join('\n');
}

function linesOf(finding: Finding, paint: (style: Style, text: string) => string): string[] {
  const { id, level, what, why, todo } = finding;
  const [first = '', ...rest] = wrap(what);
  const isOk = level === 'ok';
  return [
    `  ${paint(STYLES[level], level.padEnd(INDENT))}${first}`,
    ...indented([
      ...rest,
      ...(why === undefined ? [] : wrap(`Why: ${why}`)),
      ...(todo === undefined ? [] : wrap(`Do:  ${todo}`)),
    ]),
    ...(isOk || level === 'note' ? [] : indented([paint('dim', `[${id}]`)])),
  ];
}

const indented = (lines: readonly string[]): string[] =>
  lines.map((line) => `  ${' '.repeat(INDENT)}${line}`);

/** Breaks between words; a command that is longer stays whole, so that it can be copied. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const parts = [
    ['fault', count('fault')],
    ['warning', count('warning')],
    ['note', count('note')],
  ] as const;
  const found = parts
    .filter(([, number]) => number > 0)
    .map(([name, number]) => `${number} ${name}${number > 1 ? 's' : ''}`);
  return found.length === 0 ? 'Everything is well.' : `${found.join(', ')}.`;
}
